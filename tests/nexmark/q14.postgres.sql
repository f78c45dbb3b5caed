SELECT auction, bidder, 0.908 * price,
  CASE WHEN EXTRACT(HOUR FROM datetime) BETWEEN 8 AND 18 THEN 'dayTime'
       WHEN EXTRACT(HOUR FROM datetime) <= 6 OR EXTRACT(HOUR FROM datetime) >= 20 THEN 'nightTime' ELSE 'otherTime' END,
  datetime, extra, LENGTH(extra) - LENGTH(REPLACE(extra, 'c', ''))
FROM bid WHERE 0.908 * price > 1000000 AND 0.908 * price < 50000000

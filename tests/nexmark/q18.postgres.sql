-- Of bids of one time the last one counts.
SELECT auction, bidder, price, channel, url, datetime, extra
FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY bidder, auction ORDER BY datetime DESC, ctid DESC) AS rank_number FROM bid) AS ranked
WHERE rank_number <= 1;

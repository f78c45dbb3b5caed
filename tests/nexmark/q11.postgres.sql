SELECT bidder, COUNT(*), MIN(datetime), MAX(datetime) + INTERVAL '10 s'
FROM (SELECT bidder, datetime, SUM(begins) OVER (PARTITION BY bidder ORDER BY datetime) AS session
  FROM (SELECT bidder, datetime,
      CASE WHEN datetime - LAG(datetime) OVER (PARTITION BY bidder ORDER BY datetime) <= INTERVAL '10 s' THEN 0 ELSE 1 END AS begins
    FROM bid) AS gaps) AS sessions
GROUP BY bidder, session

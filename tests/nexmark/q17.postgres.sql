SELECT auction, TO_CHAR(datetime, 'YYYY-MM-DD'),
  COUNT(*),
  COUNT(*) FILTER (WHERE price < 10000),
  COUNT(*) FILTER (WHERE price >= 10000 AND price < 1000000),
  COUNT(*) FILTER (WHERE price >= 1000000),
  MIN(price), MAX(price), DIV(SUM(price), COUNT(*)), SUM(price)
FROM bid GROUP BY 1, 2

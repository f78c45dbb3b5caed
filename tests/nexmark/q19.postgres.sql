-- Bids come in one order from one subtask alone: of one price the first one is the better.
SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC, ctid) AS rank_number FROM bid) AS ranked
WHERE rank_number <= 10;

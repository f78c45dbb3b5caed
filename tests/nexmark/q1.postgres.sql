SELECT auction, bidder, 0.908 * price, datetime, extra FROM bid

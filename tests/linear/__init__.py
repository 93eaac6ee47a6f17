"""Work grows with the size of a call and no faster: counted, since no clock is steady enough."""

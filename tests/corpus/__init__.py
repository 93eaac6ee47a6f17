"""Real orders and real requests, played to the service; the reference material holds them."""

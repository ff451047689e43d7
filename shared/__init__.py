"""What all services stand on. Nothing here knows any one of them."""

int both(int x);

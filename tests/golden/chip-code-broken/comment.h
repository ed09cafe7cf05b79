int h(int);

int k(int); /* no end

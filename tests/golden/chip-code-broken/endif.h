int f(int);

#endif

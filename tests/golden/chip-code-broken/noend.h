/* x */
#if A
int g(int);

#if B
#endif

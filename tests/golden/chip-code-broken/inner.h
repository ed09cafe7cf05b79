static inline int
f(void)
{
#if A
	return 1;
}

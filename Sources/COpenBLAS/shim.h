#include <cblas.h>
#include <stddef.h>

/* The LAPACK that is part of OpenBLAS; Debian installs no header for it without LAPACKE.  The last
   argument of each is Fortran's hidden length of a character argument. */
void dgesdd_(
    const char *job, const int *m, const int *n, double *a, const int *lda, double *s, double *u,
    const int *ldu, double *vt, const int *ldvt, double *work, const int *lwork, int *iwork,
    int *info, size_t job_length);
void dgesv_(
    const int *n, const int *nrhs, double *a, const int *lda, int *pivots, double *b, const int *ldb,
    int *info);
void dsyev_(
    const char *job, const char *triangle, const int *n, double *a, const int *lda, double *w,
    double *work, const int *lwork, int *info, size_t job_length, size_t triangle_length);

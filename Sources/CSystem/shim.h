#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <zlib.h>

// glibc shows these two only under _GNU_SOURCE, which an imported header cannot define.
extern int accept4(int descriptor, struct sockaddr* address, socklen_t* length, int flags);
extern int pthread_setname_np(pthread_t thread, const char* name);

// SPDX-License-Identifier: Apache-2.0
//
// A program that makes the system calls it is told to make: `agent SOCKET`. It connects to the socket, then answers requests
// until the other side hangs up. Numbers are 64 bits in the machine's byte order.
//
//   request: operation, five numbers, length of the text, the text
//   answer:  the call's result or minus its errno, length of the data, the data
//
// FORK makes a copy of the program that connects to the socket on its own, without any descriptor of this one.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum operation {
    OPEN = 1, IOCTL, READ, WRITE, PREAD, PWRITE, MMAP, MUNMAP, POLL, CLOSE, DUP, EVENTFD, SHARE, PROTECT, BECOME, READLINK, LIST,
    WRITE_FILE, FORK, PEEK, LSEEK, READ_FILE, MEMORY_FILE, TRUNCATE
};

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

static char text[65536];
static char data[65536];
static int64_t data_length;

static int connect_to(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    int plain = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (plain < 0 || connect(plain, (struct sockaddr *) &address, sizeof address) != 0) {
        perror("agent: connect");
        exit(1);
    }
    // Out of the way of the low numbers that tests look at.
    int high = fcntl(plain, F_DUPFD_CLOEXEC, 1000);
    close(plain);
    return high;
}

static int read_all(int fd, void *to, size_t length) {
    for (size_t done = 0; done < length;) {
        ssize_t part = read(fd, (char *) to + done, length - done);
        if (part <= 0) {
            if (part < 0 && errno == EINTR) {
                continue;
            }
            return 0;
        }
        done += part;
    }
    return 1;
}

static void write_all(int fd, const void *from, size_t length) {
    for (size_t done = 0; done < length;) {
        ssize_t part = write(fd, (const char *) from + done, length - done);
        if (part < 0) {
            exit(1);
        }
        done += part;
    }
}

static int64_t limit(int resource, uint64_t wanted) {
    struct rlimit now;
    if (getrlimit(resource, &now) != 0) {
        return -errno;
    }
    now.rlim_cur = wanted < now.rlim_max ? wanted : now.rlim_max;
    return setrlimit(resource, &now) == 0 ? 0 : -errno;
}

/* Effective capabilities and soft limits only, so that they can be taken back, as far as the program has them at all; the user
   id stays. */
static int64_t become(uint64_t capabilities, uint64_t memlock, uint64_t files) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct caps[2];
    const int used[] = {CAP_IPC_LOCK, CAP_SYS_RAWIO, CAP_SYS_RESOURCE, CAP_NET_ADMIN};
    if (syscall(SYS_capget, &header, caps) != 0) {
        return -errno;
    }
    for (int i = 0; i < 4; i++) {
        struct __user_cap_data_struct *word = &caps[used[i] / 32];
        uint32_t bit = 1u << (used[i] % 32);
        if (capabilities & (1u << i)) {
            word->effective |= bit & word->permitted;
        } else {
            word->effective &= ~bit;
        }
    }
    if (syscall(SYS_capset, &header, caps) != 0) {
        return -errno;
    }
    int64_t result = limit(RLIMIT_MEMLOCK, memlock);
    return result != 0 ? result : limit(RLIMIT_NOFILE, files);
}

static int64_t list(const char *path) {
    DIR *directory = opendir(path);
    if (directory == NULL) {
        return -errno;
    }
    data_length = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        size_t length = strlen(entry->d_name);
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0
                || data_length + length + 1 > sizeof data) {
            continue;
        }
        memcpy(data + data_length, entry->d_name, length);
        data_length += length;
        data[data_length++] = '\n';
    }
    closedir(directory);
    return 0;
}

static int64_t write_file(const char *path, const char *bytes) {
    int fd = open(path, O_WRONLY);
    if (fd < 0) {
        return -errno;
    }
    int64_t result = write(fd, bytes, strlen(bytes)) < 0 ? -errno : 0;
    close(fd);
    return result;
}

static int64_t read_file(const char *path) {
    int fd = open(path, O_RDONLY);
    if (fd < 0) {
        return -errno;
    }
    int64_t result = read(fd, data, sizeof data);
    result = result < 0 ? -errno : result;
    data_length = result > 0 ? result : 0;
    close(fd);
    return result;
}

static int64_t checked(int64_t result) {
    return result < 0 ? -errno : result;
}

static int serve(int peer, const char *socket_path) {
    int64_t request[7];
    while (read_all(peer, request, sizeof request)) {
        int64_t *a = request + 1;
        int64_t result;
        if (request[6] < 0 || request[6] >= (int64_t) sizeof text || !read_all(peer, text, request[6])) {
            return 1;
        }
        text[request[6]] = 0;
        data_length = 0;
        errno = 0;
        switch ((enum operation) request[0]) {
        case OPEN: result = checked(open(text, (int) a[0])); break;
        case IOCTL: result = checked(ioctl((int) a[0], (unsigned int) a[1], a[2])); break;
        case READ: result = checked(read((int) a[0], (void *) a[1], a[2])); break;
        case WRITE: result = checked(write((int) a[0], (void *) a[1], a[2])); break;
        case PREAD: result = checked(pread((int) a[0], (void *) a[1], a[2], a[3])); break;
        case PWRITE: result = checked(pwrite((int) a[0], (void *) a[1], a[2], a[3])); break;
        case LSEEK: result = checked(lseek((int) a[0], a[1], (int) a[2])); break;
        case MMAP: {
            void *at = mmap(NULL, a[2], (int) a[3], MAP_SHARED, (int) a[0], a[1]);
            result = at == MAP_FAILED ? -errno : (int64_t) at;
            break;
        }
        case MUNMAP: result = checked(munmap((void *) a[0], a[1])); break;
        case POLL: {
            struct pollfd poller = {(int) a[0], POLLIN | POLLOUT, 0};
            result = poll(&poller, 1, 0) < 0 ? -errno : poller.revents & (POLLIN | POLLOUT);
            break;
        }
        case CLOSE: result = checked(close((int) a[0])); break;
        case DUP: result = checked(dup((int) a[0])); break;
        case EVENTFD: result = checked(eventfd(0, 0)); break;
        case SHARE: {
            /* Also when a test has used up the descriptors. */
            struct rlimit before, more;
            getrlimit(RLIMIT_NOFILE, &before);
            more = before;
            more.rlim_cur = more.rlim_max;
            setrlimit(RLIMIT_NOFILE, &more);
            int file = open(text, O_RDWR | O_CLOEXEC);
            setrlimit(RLIMIT_NOFILE, &before);
            if (file < 0) {
                result = -errno;
                break;
            }
            void *at = mmap((void *) a[0], a[1], PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, file, 0);
            result = at == MAP_FAILED ? -errno : 0;
            close(file);
            break;
        }
        case PROTECT: result = checked(mprotect((void *) a[0], a[1], (int) a[2])); break;
        case BECOME: result = become(a[0], a[1], a[2]); break;
        case READLINK:
            result = checked(readlink(text, data, sizeof data));
            data_length = result > 0 ? result : 0;
            break;
        case LIST: result = list(text); break;
        case WRITE_FILE: result = write_file(text, text + strlen(text) + 1); break;
        case PEEK:
            data_length = a[1] < (int64_t) sizeof data ? a[1] : (int64_t) sizeof data;
            memcpy(data, (void *) a[0], data_length);
            result = 0;
            break;
        case READ_FILE: result = read_file(text); break;
        case MEMORY_FILE:
            result = checked(memfd_create("agent", MFD_CLOEXEC));
            if (result >= 0 && ftruncate((int) result, a[0]) != 0) {
                result = -errno;
            }
            break;
        case TRUNCATE: result = checked(ftruncate((int) a[0], a[1])); break;
        case FORK: {
            pid_t child = fork();
            if (child == 0) {
                syscall(SYS_close_range, 3, ~0u, 0);
                _exit(serve(connect_to(socket_path), socket_path));
            }
            result = child < 0 ? -errno : 0;
            break;
        }
        default: return 1;
        }
        int64_t answer[2] = {result, data_length};
        write_all(peer, answer, sizeof answer);
        write_all(peer, data, data_length);
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: agent SOCKET\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    return serve(connect_to(argv[1]), argv[1]);
}

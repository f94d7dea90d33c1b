// SPDX-License-Identifier: Apache-2.0
// nodes.c BDF GROUP mounted|intercepted: the machine's nodes below /dev as files: every way to open them, their modes, owners and
// times, and what cannot be made or removed. Removes nothing that a real system might have.
#include "check.h"
#include <dirent.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <utime.h>

#define FCHMODAT2 452
#define VFIO "/dev/vfio"
#define CONTAINER VFIO "/vfio"

static int is_mounted;
static char scratch[64] = "/tmp/vfio4j-nodes-XXXXXX";

/** It is the container, opened by interception: it answers. */
static void is_container(int fd)
{
    CHECK(fd >= 0);
    CHECK(ioctl(fd, VFIO_GET_API_VERSION) == VFIO_API_VERSION);
    CHECK(close(fd) == 0);
}

static void links(void)
{
    char from[128], to[128];
    CHECK(mkdtemp(scratch));
    snprintf(from, sizeof from, "%s/node", scratch);
    CHECK(symlink(CONTAINER, from) == 0);
    is_container(open(from, O_RDWR));
    REFUSED(open(from, O_RDWR | O_NOFOLLOW), ELOOP);
    CHECK(unlink(from) == 0);
    snprintf(from, sizeof from, "%s/directory", scratch);
    CHECK(symlink("../../dev/vfio", from) == 0);
    snprintf(to, sizeof to, "%s/vfio", from);
    is_container(open(to, O_RDWR));
    CHECK(chdir(scratch) == 0);
    is_container(open("directory/vfio", O_RDWR));
    is_container(open("./directory/../vfio/vfio", O_RDWR));
    is_container(open("../../dev/vfio/vfio", O_RDWR));
    REFUSED(open("directory/none", O_RDWR), ENOENT);
    CHECK(unlink(from) == 0);
    CHECK(chdir("/dev") == 0);
    is_container(open("vfio/vfio", O_RDWR));
    is_container(open("/proc/self/cwd/vfio/vfio", O_RDWR));
    is_container(open("/proc/self/root/dev/vfio/vfio", O_RDWR));
    CHECK(chdir("/") == 0 && rmdir(scratch) == 0);
}

static void directories(void)
{
    char name[64];
    int directory = open(VFIO, O_RDONLY | O_DIRECTORY);
    CHECK(directory >= 0);
    is_container(openat(directory, "vfio", O_RDWR));
    is_container(openat(directory, "./devices/../vfio", O_RDWR));
    is_container(syscall(SYS_openat2, directory, "vfio", (uint64_t[3]){O_RDWR}, 24));
    snprintf(name, sizeof name, "/proc/self/fd/%d/vfio", directory);
    is_container(open(name, O_RDWR));
    REFUSED(openat(directory, "none", O_RDWR), ENOENT);
    DIR *listing = fdopendir(directory);
    int entries = 0;
    for (struct dirent *entry; (entry = readdir(listing));)
        if (!strcmp(entry->d_name, "vfio")) {
            CHECK(!is_mounted || entry->d_type == DT_CHR);
            entries++;
        }
    CHECK(entries == 1 && closedir(listing) == 0);
    if (is_mounted) {
        CHECK(chdir(VFIO) == 0);
        is_container(open("vfio", O_RDWR));
        is_container(openat(AT_FDCWD, "devices/../vfio", O_RDWR));
        is_container(open("/proc/self/cwd/vfio", O_RDWR));
        is_container(open("/proc/thread-self/cwd/vfio", O_RDWR));
        int place = open("vfio", O_PATH);
        CHECK(place >= 0);
        snprintf(name, sizeof name, "/proc/self/fd/%d", place);
        is_container(open(name, O_RDWR));
        CHECK(close(place) == 0 && chdir("/") == 0);
    }
    is_container(creat(CONTAINER, 0600) >= 0 ? open(CONTAINER, O_RDWR) : -1);
    REFUSED(open(CONTAINER, O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
    REFUSED(open(CONTAINER "/more", O_RDWR), ENOTDIR);
    REFUSED(open(CONTAINER, O_RDONLY | O_DIRECTORY), ENOTDIR);
}

static struct stat status_of(const char *path)
{
    struct stat status;
    CHECK(stat(path, &status) == 0);
    return status;
}

static int has_mode(const char *path, int mode)
{
    struct statx more;
    struct stat status = status_of(path);
    CHECK(S_ISCHR(status.st_mode));
    CHECK(statx(AT_FDCWD, path, 0, STATX_BASIC_STATS, &more) == 0 && more.stx_mode == status.st_mode);
    return (status.st_mode & 07777) == mode;
}

static void modes(void)
{
    int directory = open(VFIO, O_RDONLY | O_DIRECTORY), fd = open(CONTAINER, O_RDWR);
    struct stat status;
    CHECK(directory >= 0 && fd >= 0);
    CHECK(has_mode(CONTAINER, 0666) && has_mode(group_path, 0600) && has_mode("/dev/iommu", 0660));
    CHECK(chmod(CONTAINER, 0640) == 0 && has_mode(CONTAINER, 0640));
    CHECK(fstat(fd, &status) == 0 && (status.st_mode & 07777) == 0640);
    CHECK(fchmod(fd, 0604) == 0 && has_mode(CONTAINER, 0604));
    CHECK(fchmodat(directory, "vfio", 0660, 0) == 0 && has_mode(CONTAINER, 0660));
    long answer = syscall(FCHMODAT2, directory, "vfio", 0600, 0);
    CHECK((answer == 0 && has_mode(CONTAINER, 0600)) || errno == ENOSYS);
    answer = syscall(FCHMODAT2, fd, "", 0644, AT_EMPTY_PATH);
    CHECK((answer == 0 && has_mode(CONTAINER, 0644)) || errno == ENOSYS);
    CHECK(chmod(CONTAINER, 0666) == 0);
    REFUSED(chmod(VFIO "/none", 0600), ENOENT);
    CHECK(close(fd) == 0 && close(directory) == 0);
}

static void owners(void)
{
    int fd = open(CONTAINER, O_RDWR);
    uid_t me = geteuid();
    gid_t group = getegid();
    CHECK(status_of(CONTAINER).st_uid == me && status_of(CONTAINER).st_gid == group);
    CHECK(chown(CONTAINER, me, group) == 0 && lchown(CONTAINER, -1, group) == 0 && fchown(fd, me, -1) == 0);
    CHECK(fchownat(fd, "", -1, -1, AT_EMPTY_PATH) == 0);
    if (me == 0) {
        CHECK(chown(CONTAINER, 12, 34) == 0 && status_of(CONTAINER).st_uid == 12 && status_of(CONTAINER).st_gid == 34);
        struct stat status;
        CHECK(fstat(fd, &status) == 0 && status.st_uid == 12 && status.st_gid == 34);
        pid_t child = fork();
        if (child == 0) {
            CHECK(setgid(56) == 0 && setuid(12) == 0);
            CHECK(chmod(CONTAINER, 0600) == 0);
            REFUSED(chown(CONTAINER, 13, -1), EPERM);
            CHECK(chown(CONTAINER, 12, 56) == 0);
            exit(0);
        }
        expect_exit(child, 0);
        child = fork();
        if (child == 0) {
            CHECK(setuid(13) == 0);
            REFUSED(chmod(CONTAINER, 0666), EPERM);
            REFUSED(chown(CONTAINER, 13, -1), EPERM);
            REFUSED(utimes(CONTAINER, NULL), EPERM);
            exit(0);
        }
        expect_exit(child, 0);
        CHECK(has_mode(CONTAINER, 0600) && status_of(CONTAINER).st_gid == 56);
        CHECK(fchownat(fd, "", me, group, AT_EMPTY_PATH) == 0 && status_of(CONTAINER).st_uid == me);
        CHECK(chmod(CONTAINER, 0666) == 0);
    }
    CHECK(close(fd) == 0);
}

static void times(void)
{
    int fd = open(CONTAINER, O_RDWR);
    time_t before = time(NULL) - 1;
    CHECK(utimensat(AT_FDCWD, CONTAINER, (struct timespec[]){{11, 12}, {13, 14}}, 0) == 0);
    struct stat status = status_of(CONTAINER);
    CHECK(status.st_atim.tv_sec == 11 && status.st_atim.tv_nsec == 12);
    CHECK(status.st_mtim.tv_sec == 13 && status.st_mtim.tv_nsec == 14 && status.st_ctim.tv_sec >= before);
    CHECK(futimens(fd, (struct timespec[]){{0, UTIME_OMIT}, {15, 16}}) == 0);
    status = status_of(CONTAINER);
    CHECK(status.st_atim.tv_sec == 11 && status.st_mtim.tv_sec == 15 && status.st_mtim.tv_nsec == 16);
    CHECK(utimes(CONTAINER, (struct timeval[]){{17, 18}, {19, 20}}) == 0);
    status = status_of(CONTAINER);
    CHECK(status.st_atim.tv_nsec == 18000 && status.st_mtim.tv_sec == 19);
    CHECK(utime(CONTAINER, &(struct utimbuf){21, 22}) == 0 && status_of(CONTAINER).st_mtim.tv_sec == 22);
    CHECK(futimens(fd, NULL) == 0 && status_of(CONTAINER).st_mtim.tv_sec >= before);
    REFUSED(utimensat(AT_FDCWD, CONTAINER, (struct timespec[]){{0, 2000000000}, {0, 0}}, 0), EINVAL);
    CHECK(close(fd) == 0);
}

static void entries(void)
{
    int directory = open(VFIO, O_RDONLY | O_DIRECTORY);
    REFUSED(mkdir(VFIO "/more", 0700), EPERM);
    REFUSED(mkdir(VFIO "/devices", 0700), EEXIST);
    REFUSED(mkdirat(directory, "more", 0700), EPERM);
    REFUSED(mknod(VFIO "/more", S_IFIFO | 0600, 0), EPERM);
    REFUSED(symlink("vfio", VFIO "/more"), EPERM);
    REFUSED(open(VFIO "/more", O_WRONLY | O_CREAT, 0600), EACCES);
    REFUSED(rmdir(VFIO "/none"), ENOENT);
    REFUSED(unlink(VFIO "/none"), ENOENT);
    REFUSED(rename(VFIO "/devices", VFIO "/more"), EPERM);
    REFUSED(rename(VFIO "/none", VFIO "/more"), ENOENT);
    CHECK(close(directory) == 0);
    if (is_mounted) {
        REFUSED(unlink(CONTAINER), EPERM);
        REFUSED(link(CONTAINER, VFIO "/more"), EPERM);
        REFUSED(mkdir("/dev/vfio4j-more", 0700), EROFS);
        REFUSED(mknod("/dev/vfio4j-more", S_IFIFO | 0600, 0), EROFS);
        REFUSED(open("/dev/vfio4j-more", O_WRONLY | O_CREAT, 0600), EROFS);
        REFUSED(symlink("null", "/dev/vfio4j-more"), EROFS);
    }
}

int main(int argc, char **argv)
{
    bdf = argv[1];
    snprintf(group_path, sizeof group_path, "/dev/vfio/%s", argv[2]);
    is_mounted = !strcmp(argv[3], "mounted");
    links();
    directories();
    modes();
    owners();
    times();
    entries();
    puts("fine");
    return 0;
}

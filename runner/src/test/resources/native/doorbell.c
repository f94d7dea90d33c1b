// SPDX-License-Identifier: Apache-2.0
// doorbell.c BDF GROUP: how long a doorbell takes, written through a mapping and by pwrite, and what the thread that looks for
// doorbells costs. The completion is found by looking at memory, so the time is from the doorbell to the completed command.
#include "queue.h"
#include <dirent.h>
#include <time.h>

#define SAMPLES 2000

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
    return (*(double *)a > *(double *)b) - (*(double *)a < *(double *)b);
}

static void report(const char *what, double *times, int count)
{
    qsort(times, count, sizeof *times, compare);
    printf("%-34s median %7.1f us, 90 %% %7.1f us, 99 %% %7.1f us, most %8.1f us\n", what, times[count / 2],
           times[count * 9 / 10], times[count * 99 / 100], times[count - 1]);
}

/* Processor time of the thread, in us, from its own line in /proc of the process that runs us. */
static double poller_time(void)
{
    char path[300], line[64];
    double time = -1;
    snprintf(path, sizeof path, "/proc/%d/task", getppid());
    DIR *tasks = opendir(path);
    CHECK(tasks);
    for (struct dirent *e; time < 0 && (e = readdir(tasks));) {
        snprintf(path, sizeof path, "/proc/%d/task/%s/comm", getppid(), e->d_name);
        FILE *file = fopen(path, "r");
        int found = file && fgets(line, sizeof line, file) && !strncmp(line, "vfio4j doorbell", 15);
        if (file)
            fclose(file);
        if (!found)
            continue;
        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", getppid(), e->d_name);
        CHECK((file = fopen(path, "r")) && fscanf(file, "%lf", &time) == 1);
        fclose(file);
        time /= 1000;
    }
    closedir(tasks);
    return time;
}

static double once(struct queue *q, int call)
{
    struct completion c;
    submit(q, (struct submission){.opcode = FILL, .destination = q->iova + TARGETS, .length = 64});
    double begin = now();
    if (call)
        set(q->device, DOORBELL_PAGE, q->submitted % RING, 4);
    else
        ring_tail(q);
    while (!take(q, &c))
        ;
    double time = now() - begin;
    ring_head(q);
    return time;
}

static void measure(struct queue *q, const char *what, int count, int call, int pause)
{
    static double times[SAMPLES];
    double begin = now(), before = poller_time();
    for (int i = 0; i < count; i++) {
        usleep(pause);
        times[i] = once(q, call);
    }
    double part = (poller_time() - before) / (now() - begin) * 100;
    report(what, times, count);
    printf("%-34s %.2f %% of a processor\n", "  the thread that looks", part);
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    open_queues(argv);
    struct queue q = queue_of(0);
    start_queue(&q);
    for (int i = 0; i < SAMPLES; i++)
        once(&q, i & 1);
    measure(&q, "mapped, one after the other", SAMPLES, 0, 0);
    measure(&q, "pwrite, one after the other", SAMPLES, 1, 0);
    measure(&q, "mapped, every 1 ms", 1000, 0, 1000);
    measure(&q, "mapped, every 20 ms", 200, 0, 20000);
    measure(&q, "mapped, every 700 ms", 15, 0, 700000);
    usleep(1000000);
    double begin = now(), before = poller_time();
    usleep(5000000);
    printf("%-34s %.2f %% of a processor\n", "idle, the thread that looks", (poller_time() - before) / (now() - begin) * 100);
    close_queues();
    return 0;
}

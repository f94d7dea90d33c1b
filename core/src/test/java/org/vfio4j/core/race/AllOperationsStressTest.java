// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.race;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.core.fixture.FakeGroup;
import org.vfio4j.core.fixture.FakeMachine;
import org.vfio4j.testing.Spec;

/**
 * All operations of the core from several threads over several groups of several devices, in rounds. After each round the
 * files that are open are counted, everything is closed, and all books have to balance.
 *
 * <p>Runs for {@code vfio4j.stress.seconds}; {@code vfio4j.stress.seed} repeats the choices of a run, not its schedule.
 */
@Tag("stress")
class AllOperationsStressTest {
    private static final Logger LOG = LoggerFactory.getLogger(AllOperationsStressTest.class);
    private static final Duration ROUND = Duration.ofMillis(700);

    /** What programs have to have done successfully at least once. */
    private static final String[] OPERATIONS = {
        "open CONTAINER",
        "open IOMMUFD",
        "open GROUP",
        "open NODE",
        "close CONTAINER",
        "close IOMMUFD",
        "close GROUP",
        "close NODE",
        "close DEVICE",
        "dup",
        "SET_CONTAINER IOMMUFD",
        "SET_IOMMU",
        "UNSET_CONTAINER",
        "GET_STATUS",
        "GET_DEVICE_FD",
        "BIND",
        "ATTACH",
        "DETACH",
        "CHECK_EXTENSION",
        "MAP_DMA",
        "UNMAP_DMA",
        "IOAS_ALLOC",
        "DESTROY",
        "IOAS_MAP",
        "IOAS_UNMAP",
        "read",
        "write",
        "RESET",
        "GET_INFO",
        "pin_pages",
        "unpin_pages"
    };

    private static final int PROGRAMS = 3;
    private static final int THREADS_PER_PROGRAM = 2;

    /** Two sets across groups, one group of three, two emulated devices, one without IOMMU. */
    private static void build(FakeMachine machine) {
        var shared = new Object();
        var first = machine.group(1);
        machine.device("a0", first, shared);
        machine.device("a1", first, shared);
        machine.device("a2", first);
        var second = machine.group(2);
        machine.device("b0", second, shared);
        machine.device("b1", second);
        var third = machine.group(3);
        machine.device("c0", third);
        machine.device("c1", third);
        machine.device("e0", null).emulated = true;
        machine.device("e1", null).emulated = true;
        machine.device("n0", null);
    }

    /** Requests to let go come once only: whoever misses the wake-up of an unregistration waits for ever. */
    @Test
    @Spec({"C-144", "C-145", "C-146", "C-148", "C-149", "C-150", "C-151", "C-152", "C-153", "C-154", "C-155", "C-156"})
    void shouldKeepItsBooksWhateverHappensAtOnce() throws InterruptedException {
        run(Duration.ofHours(1), seconds() * 2 / 3.0);
    }

    /** Requests to let go come again and again, and stop in time. */
    @Test
    @Spec("C-161")
    void shouldKeepItsBooksWhileItAsksUsersToLetGo() throws InterruptedException {
        run(Duration.ofMillis(1), seconds() / 3.0);
    }

    private static int seconds() {
        return Integer.getInteger("vfio4j.stress.seconds", 60);
    }

    private static void run(Duration requestPeriod, double seconds) throws InterruptedException {
        long seed = Long.getLong("vfio4j.stress.seed", System.nanoTime());
        LOG.info("seed {}, {} s, requests every {}", seed, seconds, requestPeriod);
        var random = new SplittableRandom(seed);
        long end = System.nanoTime() + (long) (seconds * 1e9);
        var totals = new Totals();
        var world = new WatchedWorld(AllOperationsStressTest::build, requestPeriod);
        do {
            round(world, random, totals);
            assertThat(world.books.violations()).as("seed %d, %s", seed, totals).isEmpty();
        } while (System.nanoTime() < end);
        // Not after a failure: it would wait for whoever hangs.
        world.close();
        LOG.info("seed {}: {}, successful {}", seed, totals, world.books.successes());
        assertThat(world.books.successes())
                .as("operations that succeeded, seed %d", seed)
                .containsKeys(OPERATIONS);
        assertThat(totals.opens).as("first opens in %s", totals).isPositive();
        assertThat(totals.nativeBinds).as("native binds in %s", totals).isPositive();
        assertThat(totals.requests).as("requests to let go in %s", totals).isPositive();
    }

    /** What has happened, so that a run which does nothing is seen. */
    private static final class Totals {
        private long rounds;
        private long calls;
        private long opens;
        private long unbinds;
        private long nativeBinds;
        private long requests;

        @Override
        public String toString() {
            return rounds + " rounds, " + calls + " calls, " + opens + " first opens, "
                    + unbinds + " devices taken away after " + requests + " requests, " + nativeBinds
                    + " native binds";
        }
    }

    private static void round(WatchedWorld world, SplittableRandom random, Totals totals) throws InterruptedException {
        var programsRun = new AtomicBoolean(true);
        var administratorRuns = new AtomicBoolean(true);
        List<Program> programs = new ArrayList<>();
        List<Worker> workers = new ArrayList<>();
        var administrator = new Administrator(
                world.books, world.vfio(), world.deviceNames(), random.split(), administratorRuns::get);
        var watchdog = new Watchdog();
        var administratorThread = watchdog.start("administrator", administrator, administrator.unbinds);
        for (int i = 0; i < PROGRAMS; i++) {
            var program = new Program(world.newProcess());
            programs.add(program);
            for (int j = 0; j < THREADS_PER_PROGRAM; j++) {
                var worker = new Worker(world, program, random.split(), programsRun::get);
                workers.add(worker);
                watchdog.start("program " + i + "." + j, worker, worker.calls);
            }
        }
        watchdog.watch(ROUND);
        // Programs go on until the administrator is done: it waits for them to let go.
        administratorRuns.set(false);
        watchdog.awaitEnd(administratorThread);
        programsRun.set(false);
        watchdog.awaitEnd();
        world.requireOpenCounts(programs);
        programs.forEach(program -> program.process().close());
        world.requireNothingHeld();
        totals.rounds++;
        totals.unbinds += administrator.unbinds.get();
        totals.nativeBinds += administrator.nativeBinds.get();
        for (var worker : workers) {
            totals.calls += worker.calls.get();
        }
        totals.opens += world.books.opens.getAndSet(0);
        totals.requests += world.books.requests.getAndSet(0);
        // P-12: native drivers can have everything again.
        world.giveEverythingToNativeDriversAndBack();
        for (var group : world.machine.groups()) {
            world.books.require(((FakeGroup) group).ownerCount() == 0, "group " + group.id() + " has an owner");
        }
    }
}

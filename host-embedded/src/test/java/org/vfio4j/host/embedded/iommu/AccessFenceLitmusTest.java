// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.core.memory.Membarrier;
import org.vfio4j.spi.memory.ProcessBarrier;

/**
 * The store-buffering litmus test of {@link AccessFence}, on fresh objects each time:
 *
 * <pre>
 *   a device's access                 an unmap
 *   counter := 1                      generation := 1
 *   deviceEntered                     translationsChanged
 *   r1 := generation                  r2 := counter
 * </pre>
 *
 * <p>{@code r1 = 0, r2 = 0} is forbidden: the access uses what it had cached, and the unmap does not wait for it. Both sides
 * begin each round together. A store leaves a processor within nanoseconds if nothing holds it up, so the device first
 * stores to memory no cache holds, and the counter has to queue behind that.
 *
 * <p>The rounds show something only on a machine that does reorder; so the control removes the barrier and wants to see the
 * forbidden result first, in a fraction of the rounds the real tests run.
 */
class AccessFenceLitmusTest {
    private static final int ROUNDS = 200_000;
    private static final Duration LIMIT = Duration.ofSeconds(4);

    /** Rounds whose objects are made at once. */
    private static final int BATCH = 1_000;
    /** Numbers in 32 MiB. */
    private static final int COLD_MEMORY = 1 << 23;

    private static final int COLD_STORES = 4;
    private static final int SPINS_BEFORE_YIELD = 1_000;

    @Test
    @Timeout(60)
    void shouldForbidThatNeitherSideSeesTheOtherWithProcessBarrier() throws InterruptedException {
        ProcessBarrier barrier = Membarrier.ofProcess();
        assumeTrue(barrier.available(), "this system has no process-wide memory barrier");
        Outcome outcome = new Litmus(new AccessFence(barrier), false).run();
        assertThat(outcome.forbidden).as("of " + outcome.rounds + " rounds").isZero();
    }

    @Test
    @Timeout(60)
    void shouldForbidThatNeitherSideSeesTheOtherWithoutProcessBarrier() throws InterruptedException {
        Outcome outcome = new Litmus(new AccessFence(ProcessBarrier.unavailable()), false).run();
        assertThat(outcome.forbidden).as("of " + outcome.rounds + " rounds").isZero();
    }

    /** The control: it cannot show anything where threads take turns on one processor. */
    @Test
    @Timeout(60)
    void shouldNoticeABarrierThatDoesNothing() throws InterruptedException {
        Outcome outcome = new Litmus(new AccessFence(new NoBarrier()), true).run();
        assumeTrue(outcome.forbidden != 0, "this machine reordered nothing in " + outcome.rounds + " rounds");
        assertThat(outcome.forbidden).isPositive();
    }

    /** Says it orders and does not. */
    private static final class NoBarrier implements ProcessBarrier {
        @Override
        public boolean available() {
            return true;
        }

        @Override
        public void run() {}
    }

    private record Outcome(int rounds, int forbidden) {}

    /** What one round shares. */
    private static final class State {
        private final PaddedLong counter = new PaddedLong();
        private final PaddedLong generation = new PaddedLong();
        private long seenByDevice;
        private long seenByUnmap;
    }

    /** Two threads that go through the rounds of a batch together, batch by batch. */
    private static final class Litmus {
        private final AccessFence fence;
        private final boolean untilForbidden;
        private final int[] cold = new int[COLD_MEMORY];
        private final SplittableRandom random = new SplittableRandom(1);
        private final PaddedLong deviceAt = new PaddedLong();
        private final PaddedLong unmapAt = new PaddedLong();

        Litmus(AccessFence fence, boolean untilForbidden) {
            this.fence = fence;
            this.untilForbidden = untilForbidden;
        }

        Outcome run() throws InterruptedException {
            long end = System.nanoTime() + LIMIT.toNanos();
            int rounds = 0;
            int forbidden = 0;
            while (rounds < ROUNDS && System.nanoTime() < end && !(untilForbidden && forbidden != 0)) {
                State[] states = new State[BATCH];
                for (int i = 0; i < BATCH; i++) {
                    states[i] = new State();
                }
                int first = rounds;
                Thread device = Thread.ofPlatform().start(() -> runDevice(states, first));
                runUnmap(states, first);
                device.join();
                for (State state : states) {
                    forbidden += state.seenByDevice == 0 && state.seenByUnmap == 0 ? 1 : 0;
                }
                rounds += BATCH;
            }
            return new Outcome(rounds, forbidden);
        }

        private void runDevice(State[] states, int first) {
            for (int i = 0; i < BATCH; i++) {
                State state = states[i];
                meet(deviceAt, unmapAt, first + i + 1);
                for (int store = 0; store < COLD_STORES; store++) {
                    cold[random.nextInt(COLD_MEMORY)] = i;
                }
                state.counter.setOpaque(1);
                fence.deviceEntered();
                state.seenByDevice = state.generation.getOpaque();
            }
        }

        private void runUnmap(State[] states, int first) {
            for (int i = 0; i < BATCH; i++) {
                State state = states[i];
                meet(unmapAt, deviceAt, first + i + 1);
                for (int delay = i & 63; delay > 0; delay--) {
                    Thread.onSpinWait();
                }
                long ignored = state.generation.incrementAndGet();
                fence.translationsChanged(false);
                state.seenByUnmap = state.counter.getAcquire();
            }
        }

        /** Waits until the other side has come to a round as well. */
        @SuppressWarnings("ThreadPriorityCheck") // the other side may have lost its processor
        private static void meet(PaddedLong mine, PaddedLong other, long round) {
            mine.setRelease(round);
            int spins = 0;
            while (other.getAcquire() < round) {
                if (++spins < SPINS_BEFORE_YIELD) {
                    Thread.onSpinWait();
                } else {
                    Thread.yield();
                }
            }
        }
    }
}

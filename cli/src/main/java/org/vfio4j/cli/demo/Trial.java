// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli.demo;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.SplittableRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.Device;
import org.vfio4j.DmaBuffer;
import org.vfio4j.DmaSpace;
import org.vfio4j.Vfio;
import org.vfio4j.exercise.DeviceExercise;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.uapi.VfioException;

/**
 * Tries one combination: bind, map, move data both ways with interrupts, unmap, see that access is refused, close. Nothing
 * is taken on trust: memory is compared byte by byte, and no page may stay pinned.
 */
public final class Trial {
    private static final Logger LOG = LoggerFactory.getLogger(Trial.class);
    private static final int BUFFER = 64 * 1024;
    private static final byte CANARY = 0x5a;

    private final Vfio vfio;
    private final int rounds;

    /**
     * A trial on a running machine.
     *
     * @param rounds how often the whole buffer is moved, at least once
     */
    public Trial(Vfio vfio, int rounds) {
        this.vfio = vfio;
        this.rounds = rounds;
    }

    /** Runs it; a problem is an outcome, not an exception. */
    public Outcome run(Combination combination) throws InterruptedException {
        var pinned = vfio.pinnedPages();
        var outcome = combination.refusal().isPresent()
                ? refuse(combination, combination.refusal().get())
                : move(combination);
        if (outcome.verdict() != Outcome.Verdict.FAILED && vfio.pinnedPages() != pinned) {
            return Outcome.failed(combination, (vfio.pinnedPages() - pinned) + " pages stayed pinned after close");
        }
        return outcome;
    }

    private Outcome refuse(Combination combination, ExpectedRefusal expected) {
        try (var device = vfio.open(combination.device().name(), combination.options())) {
            return Outcome.failed(
                    combination, device.name() + " opened, though it must be refused: " + expected.rule());
        } catch (VfioException refusal) {
            var said = refusal.errno() + ": " + refusal.getMessage();
            return expected.errnos().contains(refusal.errno())
                    ? Outcome.refused(combination, said)
                    : Outcome.failed(combination, "refused with " + said + "; expected " + expected.errnos());
        }
    }

    private Outcome move(Combination combination) throws InterruptedException {
        try (var buffer = vfio.allocate(BUFFER);
                var device = vfio.open(combination.device().name(), combination.options());
                var session = combination.exercise().orElseThrow().start(device)) {
            return move(combination, device, session, buffer);
        } catch (VfioException problem) {
            LOG.debug("{} failed", combination.label(), problem);
            return Outcome.failed(combination, problem.errno() + ": " + problem.getMessage());
        } catch (IllegalStateException problem) {
            LOG.debug("{} failed", combination.label(), problem);
            return Outcome.failed(combination, String.valueOf(problem.getMessage()));
        }
    }

    private Outcome move(Combination combination, Device device, DeviceExercise.Session session, DmaBuffer buffer)
            throws InterruptedException {
        var memory = buffer.segment();
        var dma = device.dma();
        var iova = chooseIova(dma, session.addressLimit());
        if (iova.isEmpty()) {
            return Outcome.failed(combination, "no usable I/O address below what the device can reach");
        }
        var half = BUFFER / 2;
        var chunk = Math.min(session.maxTransfer(), half);
        long moved = 0;
        var elapsed = 0L;
        try (var mapping = dma.map(iova.get(), buffer, 0, BUFFER, Protection.READ | Protection.WRITE)) {
            for (var round = 0; round < rounds; round++) {
                fill(memory.asSlice(0, half), round);
                memory.asSlice(half).fill(CANARY);
                var start = System.nanoTime();
                for (var done = 0; done < half; done += chunk) {
                    var length = Math.min(chunk, half - done);
                    if (!session.fromMemory(mapping.iova() + done, length)
                            || !session.toMemory(mapping.iova() + half + done, length)) {
                        return Outcome.failed(combination, "the device was refused mapped memory: " + lastFault());
                    }
                    moved += 2L * length;
                }
                elapsed += System.nanoTime() - start;
                var wrong = memory.asSlice(0, half).mismatch(memory.asSlice(half));
                if (wrong >= 0) {
                    return Outcome.failed(combination, "byte " + wrong + " came back wrong; " + lastFault());
                }
            }
        }
        var interrupts = session.interruptsTaken();
        if (interrupts == 0) {
            return Outcome.failed(combination, "no interrupt came");
        }
        var leak = accessAfterUnmap(session, memory, iova.get(), chunk);
        return leak.isPresent()
                ? Outcome.failed(combination, leak.get())
                : new Outcome(combination, Outcome.Verdict.MOVED, moved, elapsed, interrupts, "");
    }

    /** The device tries the old addresses: it must be refused, and memory must not change. */
    private Optional<String> accessAfterUnmap(
            DeviceExercise.Session session, MemorySegment memory, long iova, int length) throws InterruptedException {
        memory.fill(CANARY);
        var faults = vfio.faults().size();
        var read = session.fromMemory(iova, length);
        if (read && vfio.faults().size() == faults) {
            return Optional.of("the device could still read memory after unmap");
        }
        faults = vfio.faults().size();
        var written = session.toMemory(iova, length);
        if (written && vfio.faults().size() == faults) {
            return Optional.of("the device could still write memory after unmap");
        }
        for (var i = 0L; i < memory.byteSize(); i++) {
            if (memory.get(ValueLayout.JAVA_BYTE, i) != CANARY) {
                return Optional.of("byte " + i + " changed after unmap");
            }
        }
        return Optional.empty();
    }

    private String lastFault() {
        var faults = vfio.faults();
        return faults.isEmpty() ? "no DMA fault was recorded" : "last DMA fault: " + faults.getLast();
    }

    /** The lowest place for the buffer that mappings and the device allow; the first page is left free. */
    private static Optional<Long> chooseIova(DmaSpace dma, long addressLimit) {
        var limits = dma.limits();
        var least = 1L << 20;
        if (limits.ranges().isEmpty()) {
            return least + BUFFER <= addressLimit ? Optional.of(least) : Optional.empty();
        }
        for (var range : limits.ranges()) {
            var candidate = (Math.max(range.start(), least) + BUFFER - 1) & -(long) BUFFER;
            if (Long.compareUnsigned(candidate + BUFFER - 1, range.last()) <= 0 && candidate + BUFFER <= addressLimit) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }

    private static void fill(MemorySegment memory, int seed) {
        var random = new SplittableRandom(seed);
        for (var i = 0L; i < memory.byteSize(); i += Long.BYTES) {
            memory.set(ValueLayout.JAVA_LONG_UNALIGNED, i, random.nextLong());
        }
    }
}

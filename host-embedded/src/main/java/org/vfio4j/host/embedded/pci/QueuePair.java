// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import org.vfio4j.spi.model.DmaPort;
import org.vfio4j.spi.model.SharedRegisters;

/**
 * One submission ring and one completion ring of the queue device. Everything but {@link #tail} and {@link #head} happens
 * under the device's transfer lock.
 */
final class QueuePair {
    /** Completions after which others get their turn. */
    private static final int BATCH = 64;

    private final int number;
    private final DmaPort dma;
    private final SharedRegisters registers;
    private final QueueCommands commands;
    private final MemorySegment entry;
    private final MemorySegment completion;

    /** As the doorbell says: one after the last command, and the first completion the user has not seen. */
    private volatile int tail;

    private volatile int head;

    private long submissions;
    private long completions;
    private int mask;
    private int vector;
    private boolean on;
    private boolean failed;
    private int submissionHead;
    private int completionTail;
    private int completed;
    private int ringFaults;

    /** What a turn came to. */
    enum Turn {
        /** Nothing was done, nothing is to be told. */
        IDLE,
        /** All there was is done. */
        DONE,
        /** There is more. */
        MORE,
        /** The queue failed in this turn. */
        FAILED
    }

    /**
     * A queue that is off.
     *
     * @param scratch {@link QueueLayout#SUBMISSION_BYTES} and {@link QueueLayout#COMPLETION_BYTES} of memory
     */
    QueuePair(int number, DmaPort dma, SharedRegisters registers, QueueCommands commands, MemorySegment scratch) {
        this.number = number;
        this.dma = dma;
        this.registers = registers;
        this.commands = commands;
        this.entry = scratch.asSlice(0, QueueLayout.SUBMISSION_BYTES);
        this.completion = scratch.asSlice(QueueLayout.SUBMISSION_BYTES, QueueLayout.COMPLETION_BYTES);
    }

    /** The tail doorbell rang. */
    void tail(int value) {
        tail = value;
    }

    /** The head doorbell rang. */
    void head(int value) {
        head = value;
    }

    int vector() {
        return vector;
    }

    boolean on() {
        return on;
    }

    int state() {
        return (on ? QueueLayout.STATE_ON : 0) | (failed ? QueueLayout.STATE_FAILED : 0);
    }

    /** Begins with empty rings; what does not make sense is a failure. */
    boolean start(long submissionRing, long completionRing, int entries, int wantedVector) {
        boolean possible = entries >= 2
                && entries <= 1 << QueueLayout.LARGEST_RING_SHIFT
                && Integer.bitCount(entries) == 1
                && submissionRing % QueueLayout.SUBMISSION_BYTES == 0
                && completionRing % QueueLayout.COMPLETION_BYTES == 0
                && wantedVector >= 0
                && wantedVector < QueueLayout.VECTORS;
        failed = !possible;
        on = possible;
        submissions = submissionRing;
        completions = completionRing;
        mask = entries - 1;
        vector = wantedVector;
        submissionHead = 0;
        completionTail = 0;
        completed = 0;
        // Written, not set: a ring that was on its way is told before these, which empty the rings.
        registers.write(QueueLayout.doorbell(number, QueueLayout.TAIL), 4, 0);
        registers.write(QueueLayout.doorbell(number, QueueLayout.HEAD), 4, 0);
        registers.set(QueueLayout.doorbell(number, QueueLayout.COMPLETED), 4, 0);
        return possible;
    }

    void stop() {
        on = false;
        failed = false;
    }

    /** Carries out commands until the submission ring is empty, the completion ring full, or others have waited enough. */
    Turn work() {
        int done = 0;
        while (on && !failed) {
            int end = tail;
            int seen = head;
            if ((end & ~mask) != 0 || (seen & ~mask) != 0) {
                return fail();
            }
            if (submissionHead == end || ((completionTail + 1) & mask) == seen) {
                return done == 0 ? Turn.IDLE : Turn.DONE;
            }
            if (done == BATCH) {
                return Turn.MORE;
            }
            if (!dma.read(
                    submissions + (long) submissionHead * QueueLayout.SUBMISSION_BYTES,
                    entry,
                    0,
                    QueueLayout.SUBMISSION_BYTES)) {
                return fault();
            }
            submissionHead = (submissionHead + 1) & mask;
            int status = commands.execute(entry);
            if (!complete(status)) {
                return fault();
            }
            done++;
            registers.set(QueueLayout.doorbell(number, QueueLayout.COMPLETED), 4, ++completed);
        }
        return Turn.IDLE;
    }

    private Turn fail() {
        failed = true;
        return Turn.FAILED;
    }

    /** The ring itself cannot be reached. */
    private Turn fault() {
        ringFaults++;
        return fail();
    }

    /** Refused accesses to the rings since this was asked last. */
    int takeRingFaults() {
        int taken = ringFaults;
        ringFaults = 0;
        return taken;
    }

    /** Posts a completion: the status last, with the phase that says the rest is there. */
    private boolean complete(int status) {
        int phase = (completed & (mask + 1)) == 0 ? 1 : 0;
        long at = completions + (long) completionTail * QueueLayout.COMPLETION_BYTES;
        completion.set(QueueLayout.U64, QueueLayout.RESULT, commands.result());
        completion.set(QueueLayout.U32, QueueLayout.COMPLETION_ID, entry.get(QueueLayout.U32, QueueLayout.ID));
        completion.set(QueueLayout.U16, QueueLayout.SUBMISSION_HEAD, (short) submissionHead);
        completion.set(QueueLayout.U16, QueueLayout.STATUS, (short) (status << 1 | phase));
        if (!dma.write(at, completion, 0, QueueLayout.STATUS)) {
            return false;
        }
        VarHandle.releaseFence();
        completionTail = (completionTail + 1) & mask;
        return dma.write(at + QueueLayout.STATUS, completion, QueueLayout.STATUS, Short.BYTES);
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.fslmc;

import java.lang.foreign.MemorySegment;
import org.vfio4j.spi.fslmc.McObject;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.struct.UapiLayouts;

/**
 * The 64 bytes of a portal as a user reads and writes them: eight words, the first of which starts the command and shows
 * when it is done. Spec: fsl-mc §6.
 */
final class PortalWords {
    /** Bytes of a command, the only size of an access. */
    static final int LENGTH = 64;

    private static final long TIMEOUT_NANOS = 5_000_000_000L;
    private static final long LONGEST_PAUSE_NANOS = 500_000;
    private static final long FIRST_PAUSE_NANOS = 2_000;
    private static final int STATUS_SHIFT = 16;
    private static final int STATUS_READY = 1;

    private PortalWords() {}

    /** Copies the words out. */
    static void read(McObject object, int region, MemorySegment target) {
        for (int offset = 0; offset < LENGTH; offset += Long.BYTES) {
            target.set(UapiLayouts.U64, offset, object.readRegion(region, offset));
        }
    }

    /**
     * Stores a command, header last, and waits until its status is not READY any more. What the status is then is the
     * user's to see.
     *
     * @throws VfioException ETIMEDOUT after five seconds
     */
    static void write(McObject object, int region, MemorySegment source, PollClock clock) {
        for (int offset = LENGTH - Long.BYTES; offset >= 0; offset -= Long.BYTES) {
            object.writeRegion(region, offset, source.get(UapiLayouts.U64, offset));
        }
        long start = clock.nanos();
        long pause = FIRST_PAUSE_NANOS;
        while (status(object.readRegion(region, 0)) == STATUS_READY) {
            if (clock.nanos() - start >= TIMEOUT_NANOS) {
                throw new VfioException(
                        Errno.ETIMEDOUT,
                        "write refused: the command on region " + region + " of " + object.name()
                                + " was not answered within 5 s");
            }
            clock.pause(pause);
            pause = Math.min(2 * pause, LONGEST_PAUSE_NANOS);
        }
    }

    private static int status(long header) {
        return (int) (header >>> STATUS_SHIFT) & 0xff;
    }
}

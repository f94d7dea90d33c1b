// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_ERROR;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_NR;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_PRE_COPY;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_PRE_COPY_P2P;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_RESUMING;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_RUNNING;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_RUNNING_P2P;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_STOP;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_STOP_COPY;
import static org.vfio4j.uapi.VfioMigration.VFIO_MIGRATION_P2P;
import static org.vfio4j.uapi.VfioMigration.VFIO_MIGRATION_PRE_COPY;
import static org.vfio4j.uapi.VfioMigration.VFIO_MIGRATION_STOP_COPY;

import java.util.List;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** The migration states and the ways between them (kernel: {@code vfio_mig_get_next_state}). Spec: core MG-1 to MG-3. */
public final class MigrationStates {
    private static final List<String> NAMES =
            List.of("ERROR", "STOP", "RUNNING", "STOP_COPY", "RESUMING", "RUNNING_P2P", "PRE_COPY", "PRE_COPY_P2P");

    /** Flags a device needs for a state to exist, by state; ERROR is never a state to go to. */
    private static final int[] NEEDED = needed();

    /** The next state by current and requested one for a device with all flags; ERROR where the way is blocked. */
    private static final int[][] NEXT = next();

    private MigrationStates() {}

    private static int[] needed() {
        int[] needed = new int[VFIO_DEVICE_STATE_NR];
        needed[VFIO_DEVICE_STATE_STOP] = VFIO_MIGRATION_STOP_COPY;
        needed[VFIO_DEVICE_STATE_RUNNING] = VFIO_MIGRATION_STOP_COPY;
        needed[VFIO_DEVICE_STATE_STOP_COPY] = VFIO_MIGRATION_STOP_COPY;
        needed[VFIO_DEVICE_STATE_RESUMING] = VFIO_MIGRATION_STOP_COPY;
        needed[VFIO_DEVICE_STATE_RUNNING_P2P] = VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P;
        needed[VFIO_DEVICE_STATE_PRE_COPY] = VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_PRE_COPY;
        needed[VFIO_DEVICE_STATE_PRE_COPY_P2P] =
                VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P | VFIO_MIGRATION_PRE_COPY;
        return needed;
    }

    private static int[][] next() {
        int s = VFIO_DEVICE_STATE_STOP;
        int r = VFIO_DEVICE_STATE_RUNNING;
        int rp = VFIO_DEVICE_STATE_RUNNING_P2P;
        int pc = VFIO_DEVICE_STATE_PRE_COPY;
        int pcp = VFIO_DEVICE_STATE_PRE_COPY_P2P;
        int sc = VFIO_DEVICE_STATE_STOP_COPY;
        int res = VFIO_DEVICE_STATE_RESUMING;
        int no = VFIO_DEVICE_STATE_ERROR;
        int[] columns = {s, r, rp, pc, pcp, sc, res};
        int[][] next = new int[VFIO_DEVICE_STATE_NR][VFIO_DEVICE_STATE_NR];
        fill(next, s, columns, new int[] {s, rp, rp, rp, rp, sc, res});
        fill(next, r, columns, new int[] {rp, r, rp, pc, rp, rp, rp});
        fill(next, rp, columns, new int[] {s, r, rp, r, pcp, s, s});
        fill(next, pc, columns, new int[] {r, r, r, pc, pcp, pcp, r});
        fill(next, pcp, columns, new int[] {rp, rp, rp, pc, pcp, sc, rp});
        fill(next, sc, columns, new int[] {s, s, s, no, no, sc, s});
        fill(next, res, columns, new int[] {s, s, s, s, s, s, res});
        return next;
    }

    private static void fill(int[][] next, int current, int[] columns, int[] steps) {
        for (int i = 0; i < columns.length; i++) {
            next[current][columns[i]] = steps[i];
        }
    }

    /**
     * The next state on the way from one to another; states a device does not have are passed over.
     *
     * @param flags {@code VFIO_MIGRATION_*} of the device
     * @throws VfioException EINVAL when a state does not exist for the flags, or the way is blocked
     */
    public static int nextState(int flags, int current, int requested) {
        if (!exists(flags, current) || !exists(flags, requested)) {
            throw blocked(flags, current, requested);
        }
        int step = NEXT[current][requested];
        while (step != VFIO_DEVICE_STATE_ERROR && !exists(flags, step)) {
            step = NEXT[step][requested];
        }
        if (step == VFIO_DEVICE_STATE_ERROR) {
            throw blocked(flags, current, requested);
        }
        return step;
    }

    private static VfioException blocked(int flags, int current, int requested) {
        return new VfioException(
                Errno.EINVAL,
                "MG-1",
                "migration refused: there is no way from " + name(current) + " to " + name(requested)
                        + " for a device with migration flags " + flags);
    }

    /** Whether a state exists for a device with these flags; ERROR is never one to leave or to ask for. */
    private static boolean exists(int flags, int state) {
        return state > VFIO_DEVICE_STATE_ERROR && state < VFIO_DEVICE_STATE_NR && (NEEDED[state] & ~flags) == 0;
    }

    /** The state's name as debugfs shows it; "Invalid" for a number that is none. */
    public static String name(int state) {
        return state >= 0 && state < NAMES.size() ? NAMES.get(state) : "Invalid";
    }
}

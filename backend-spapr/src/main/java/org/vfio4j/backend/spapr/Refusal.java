// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Sentences of refusals. */
final class Refusal {
    private Refusal() {}

    /** "OPERATION refused: reason". */
    static VfioException of(Errno errno, String operation, String reason) {
        return new VfioException(errno, operation + " refused: " + reason);
    }

    static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.mdev;

import java.util.UUID;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** The text that is written to {@code create}. Spec: mdev §4. */
final class MdevUuid {
    private static final int LENGTH = 36;
    private static final String GROUPS = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";

    private MdevUuid() {}

    /**
     * Reads a UUID; a 37th character, normally the newline, is ignored whatever it is.
     *
     * @throws VfioException EINVAL when it is none
     */
    static UUID parse(String text) {
        if (text.length() != LENGTH && text.length() != LENGTH + 1) {
            throw new VfioException(
                    Errno.EINVAL,
                    "create refused: \"" + text.strip() + "\" has " + text.length() + " characters, a UUID has 36");
        }
        String digits = text.substring(0, LENGTH);
        if (!digits.matches(GROUPS)) {
            throw new VfioException(Errno.EINVAL, "create refused: \"" + digits + "\" is no UUID");
        }
        return UUID.fromString(digits);
    }
}

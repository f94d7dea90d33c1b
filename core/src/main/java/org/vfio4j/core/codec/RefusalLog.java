// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.codec;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.uapi.VfioException;

/**
 * Tells at debug level which raw call was refused by which rule of the specification, and why, whichever door the call came
 * through. The logger is {@value #NAME}.
 */
public final class RefusalLog {
    /** Name of the logger. */
    public static final String NAME = "org.vfio4j.refused";

    private static final Logger LOG = LoggerFactory.getLogger(NAME);

    private RefusalLog() {}

    /** A device-control call of a file was refused. */
    static void refused(int command, Object file, VfioException refusal) {
        if (LOG.isDebugEnabled()) {
            refused("ioctl 0x" + Integer.toHexString(command), file, refusal);
        }
    }

    /** A call of a file or node was refused. */
    public static void refused(String call, Object file, VfioException refusal) {
        tell(LOG, call, file, refusal);
    }

    static void tell(Logger log, String call, Object file, VfioException refusal) {
        if (log.isDebugEnabled()) {
            log.debug(
                    "{} of {}: {} by {}: {}",
                    call,
                    file,
                    refusal.errno(),
                    refusal.rule().orElse("a rule without name"),
                    refusal.getMessage());
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import java.util.concurrent.Callable;
import org.vfio4j.ffm.LinuxLimits;

/**
 * The limit on descriptors that a program is to have. A JVM raises its own to the most it may have, which programs would inherit;
 * whoever started the JVM says what it was before with the system property {@value #PROPERTY}.
 */
final class DescriptorLimit {
    static final String PROPERTY = "vfio4j.run.nofile";

    private static final int SELF = 0;

    private DescriptorLimit() {}

    /** Lowers this JVM's limit while a program is started: the program inherits it. */
    static <T> T applyDuring(Callable<T> start) throws Exception {
        long wanted = Long.getLong(PROPERTY, -1);
        long ours = LinuxLimits.soft(SELF, LinuxLimits.RLIMIT_NOFILE);
        if (wanted <= 0 || wanted >= ours) {
            return start.call();
        }
        LinuxLimits.setSoft(SELF, LinuxLimits.RLIMIT_NOFILE, wanted);
        try {
            return start.call();
        } finally {
            LinuxLimits.setSoft(SELF, LinuxLimits.RLIMIT_NOFILE, ours);
        }
    }
}

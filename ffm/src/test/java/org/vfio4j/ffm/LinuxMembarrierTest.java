// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.ffm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;

class LinuxMembarrierTest {
    private static final int EINVAL = 22;
    private static final int ENOSYS = 38;
    private static final int UNKNOWN_COMMAND = 1 << 30;

    @Test
    void shouldRunOnceRegistered() {
        int registered = LinuxMembarrier.membarrier(LinuxMembarrier.REGISTER_PRIVATE_EXPEDITED);
        assumeTrue(registered == 0, () -> "this kernel has no expedited membarrier: errno " + -registered);
        assertThat(LinuxMembarrier.membarrier(LinuxMembarrier.PRIVATE_EXPEDITED))
                .isZero();
    }

    @Test
    void shouldAnswerTheNegatedErrnoOfARefusal() {
        assertThat(LinuxMembarrier.membarrier(UNKNOWN_COMMAND)).isIn(-EINVAL, -ENOSYS);
    }
}

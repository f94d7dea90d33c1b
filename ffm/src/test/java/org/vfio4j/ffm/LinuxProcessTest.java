// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.ffm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LinuxProcessTest {

    @Test
    void shouldAnswerTheNumberTheJvmKnowsItselfBy() {
        assertThat((long) LinuxProcess.getpid())
                .isEqualTo(ProcessHandle.current().pid());
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;
import org.vfio4j.spi.memory.ProcessBarrier;

class MembarrierTest {
    @Test
    void shouldRunWhenItSaysItIsAvailable() {
        ProcessBarrier barrier = Membarrier.ofProcess();
        if (barrier.available()) {
            assertThatCode(barrier::run).doesNotThrowAnyException();
        } else {
            assertThatIllegalStateException().isThrownBy(barrier::run);
        }
    }
}

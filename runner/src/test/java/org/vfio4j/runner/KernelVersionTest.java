// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vfio4j.uapi.VfioException;

class KernelVersionTest {
    @ParameterizedTest
    @ValueSource(strings = {"5.14.0", "5.14-rc1", "5.19.17-custom", "6.1.0-18-amd64", "10.0", "6.18.44-fc-v669"})
    void shouldTakeKernelsThatHaveWhatIsNeeded(String release) {
        assertThatCode(() -> KernelVersion.parse(release).require()).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"5.13.19", "5.4.0-150-generic", "4.19.0", "3.10.0-1160.el7.x86_64"})
    void shouldRefuseOlderOnesInWords(String release) {
        assertThatThrownBy(() -> KernelVersion.parse(release).require())
                .isInstanceOf(VfioException.class)
                .hasMessageContaining(
                        "programs can be run on Linux 5.14 or newer, this is Linux " + KernelVersion.parse(release));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "unknown", "5", "5.", "five.fourteen"})
    void shouldRefuseWhatIsNoVersion(String release) {
        assertThatThrownBy(() -> KernelVersion.parse(release)).isInstanceOf(VfioException.class);
    }

    @Test
    void shouldKnowTheRunningOne() {
        assertThat(KernelVersion.running()).isGreaterThan(new KernelVersion(2, 6));
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class VfioExceptionTest {
    private static final String SENTENCE = "MAP_DMA refused: iova 0x8000000000 is beyond the aperture's last byte";

    @Test
    void shouldKeepTheSentenceAndTheErrnoApart() {
        var refused = new VfioException(Errno.EINVAL, SENTENCE);

        assertThat(refused).hasMessage(SENTENCE).hasNoCause();
        assertThat(refused.errno()).isEqualTo(Errno.EINVAL);
    }

    @Test
    void shouldShowTheErrnoInStackTraces() {
        var refused = new VfioException(Errno.EINVAL, SENTENCE);

        assertThat(refused).hasToString("org.vfio4j.uapi.VfioException: EINVAL (22): " + SENTENCE);
        assertThat(refused.getStackTrace()).as("stack trace").isNotEmpty();
    }

    @Test
    void shouldKeepItsCause() {
        var cause = new IllegalStateException("arena closed");

        assertThat(new VfioException(Errno.EFAULT, SENTENCE, cause)).hasCause(cause);
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.vfio4j.spi.host.DmaFault;

/** The log keeps the latest faults and counts all. */
class FaultLogTest {
    @Test
    void shouldKeepTheLatestFaultsOldestFirst() {
        var log = new FaultLog(3);
        for (int i = 0; i < 5; i++) {
            log.record(new DmaFault("a", i, false, DmaFault.Reason.NOT_MAPPED));
        }
        assertThat(log.faults()).extracting(DmaFault::iova).containsExactly(2L, 3L, 4L);
        assertThat(log.recorded()).isEqualTo(5);
    }

    @Test
    void shouldRejectACapacityOfNothing() {
        assertThatThrownBy(() -> new FaultLog(0)).isInstanceOf(IllegalArgumentException.class);
    }
}

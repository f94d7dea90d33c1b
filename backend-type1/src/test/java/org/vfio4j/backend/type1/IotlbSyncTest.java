// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.type1.Rig.PAGE;
import static org.vfio4j.backend.type1.Rig.RW;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vfio4j.testing.Spec;

/**
 * When the IOTLB is invalidated. A domain's unmap is a barrier of its own here, so an entry needs one for all of its runs,
 * however many: never more often than every 512 runs, and never after a page was given back.
 */
class IotlbSyncTest {
    private static final int RUNS = 1_300;
    private static final int RUNS_PER_SYNC = 512;

    @Test
    @Spec("T-159")
    void shouldSyncAtMostOncePer512RunsAndBeforeAnyPageIsGivenBack() {
        Rig rig = Rig.v2().withGroup();
        rig.map(RW, rig.scatteredPages(RUNS), 0);
        rig.events.clear();
        assertThat(rig.unmap(0, RUNS * PAGE)).isEqualTo(RUNS * PAGE);
        List<String> events = List.copyOf(rig.events);
        assertThat(Collections.frequency(events, "unpin dirty")).as("runs").isEqualTo(RUNS);
        assertThat(Collections.frequency(events, "unmap g1")).as("barriers").isBetween(1, RUNS / RUNS_PER_SYNC + 1);
        assertThat(events.lastIndexOf("unmap g1"))
                .as("the last barrier comes before the first page is given back")
                .isLessThan(events.indexOf("unpin dirty"));
        rig.assertNothingHeld();
    }
}

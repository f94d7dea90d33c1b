// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.type1.Rig.PAGE;
import static org.vfio4j.backend.type1.Rig.READ;
import static org.vfio4j.backend.type1.Rig.RW;
import static org.vfio4j.backend.type1.Rig.assertRefused;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

class AccountingTest {
    private final Rig rig = Rig.v2();

    @Test
    @Spec("T-081")
    void shouldChargeUpToTheLimitAndNoPageMore() {
        rig.withGroup();
        rig.caller.memlockLimit = 64 << 10;
        rig.map(RW, rig.caller.pages(16), 0);
        assertThat(rig.caller.locked()).isEqualTo(16);
        assertRefused(Errno.ENOMEM, () -> rig.map(RW, rig.caller.pages(1), 0x100000));
        assertThat(rig.caller.locked()).isEqualTo(16);
        assertThat(rig.available()).isEqualTo(65534);
        assertThat(rig.physical.pinnedPages()).isEqualTo(16);
    }

    @Test
    void shouldMeetTheLimitBeforeABadPageBehindIt() {
        rig.withGroup();
        MemorySegment memory = rig.caller.pages(8);
        rig.caller.memory().free(memory.asSlice(6 * PAGE, 2 * PAGE));
        rig.caller.memlockLimit = 4 * PAGE;
        assertRefused(Errno.ENOMEM, () -> rig.map(RW, memory, 0));
        rig.caller.memlockLimit = 6 * PAGE;
        assertRefused(Errno.EFAULT, () -> rig.map(RW, memory, 0));
        rig.assertNothingHeld();
    }

    @Test
    @Spec("T-083")
    void shouldCountButNotLimitTheExempt() {
        rig.withGroup();
        rig.caller.memlockLimit = 0;
        rig.caller.grant(Capability.IPC_LOCK);
        rig.map(RW, rig.caller.pages(4), 0);
        assertThat(rig.caller.locked()).isEqualTo(4);
    }

    @Test
    @Spec("T-084")
    void shouldChargeTheSameMemoryForEachMapping() {
        rig.withGroup();
        MemorySegment memory = rig.caller.pages(4);
        rig.map(RW, memory, 0);
        rig.map(RW, memory, 0x100000);
        assertThat(rig.caller.locked()).isEqualTo(8);
        rig.unmap(0, 4 * PAGE);
        assertThat(rig.caller.locked()).isEqualTo(4);
    }

    @Test
    @Spec("T-087")
    void shouldNotChargeWithoutHardware() {
        rig.withEmulated();
        rig.map(RW, 0x10000, 0, 1L << 30);
        rig.assertNothingHeld();
    }

    @Test
    @Spec("T-088")
    void shouldChargeEachExternallyPinnedPageOnce() {
        emulatedWithThreePins();
        assertThat(rig.caller.locked()).isEqualTo(3);
        pin(0x1000, 1);
        assertThat(rig.caller.locked()).isEqualTo(3);
        rig.container.unpinPages(0, 3);
        assertThat(rig.caller.locked()).isEqualTo(1);
        assertThat(rig.physical.pinnedPages()).isEqualTo(1);
        rig.container.unpinPages(0x1000, 1);
        rig.assertNothingHeld();
    }

    @Test
    @Spec({"T-089", "T-090", "T-091"})
    void shouldMoveBetweenTheChargeOfPinsAndOfWholeEntries() {
        emulatedWithThreePins();
        FakeGroup real = rig.group();
        for (int round = 0; round < 2; round++) {
            rig.attach(real);
            assertThat(rig.caller.locked()).isEqualTo(10);
            assertThat(real.attached().iovaToPhys(9 * PAGE)).isNotZero();
            rig.container.detachGroup(real);
            assertThat(rig.caller.locked()).isEqualTo(3);
            assertThat(rig.physical.pinnedPages()).isEqualTo(3);
            assertThat(rig.available()).isEqualTo(65534);
        }
        rig.container.unpinPages(0, 3);
        rig.unmap(0, 10 * PAGE);
        rig.assertNothingHeld();
    }

    @Test
    @Spec("T-092")
    void shouldNotChangeTheChargeByPinsWhileADomainIsThere() {
        rig.withEmulated().withGroup();
        rig.container.registerDevice((iova, length) -> {});
        rig.map(RW, rig.caller.pages(10), 0);
        pin(0, 3);
        assertThat(rig.caller.locked()).isEqualTo(10);
        rig.container.unpinPages(0, 3);
        assertThat(rig.caller.locked()).isEqualTo(10);
        assertThat(rig.physical.pinnedPages()).isEqualTo(10);
    }

    @Test
    @Spec("T-093")
    void shouldRefuseAReplayOverTheLimitAndChangeNothing() {
        emulatedWithThreePins();
        rig.map(READ, rig.caller.pages(2), 0x100000);
        rig.caller.memlockLimit = 11 * PAGE;
        FakeGroup real = rig.group();
        assertRefused(Errno.ENOMEM, () -> rig.attach(real));
        assertThat(rig.caller.locked()).isEqualTo(3);
        assertThat(rig.physical.pinnedPages()).isEqualTo(3);
        rig.caller.memlockLimit = 12 * PAGE;
        rig.attach(real);
        assertThat(rig.caller.locked()).isEqualTo(12);
    }

    @Test
    @Spec("T-157")
    void shouldChargeEachMapperForItsOwnEntries() {
        rig.withGroup();
        FakeCaller child = new FakeCaller(rig.physical);
        rig.container.mapDma(child, RW, child.pages(2).address(), 0, 2 * PAGE);
        assertThat(child.locked()).isEqualTo(2);
        assertThat(rig.caller.locked()).isZero();
        child.memory().close();
        assertThat(rig.unmap(0, 2 * PAGE)).isEqualTo(2 * PAGE);
        assertThat(rig.physical.pinnedPages()).isZero();
    }

    @Test
    void shouldReplayFromTheMemoryOfWhoeverMapped() {
        rig.withEmulated();
        FakeCaller other = new FakeCaller(rig.physical);
        rig.container.mapDma(other, RW, other.pages(2).address(), 0, 2 * PAGE);
        rig.withGroup();
        assertThat(other.locked()).isEqualTo(2);
        assertThat(rig.caller.locked()).isZero();
    }

    /** A group without hardware, ten pages at 0, the first three pinned by a device. */
    private void emulatedWithThreePins() {
        rig.withEmulated();
        rig.container.registerDevice((iova, length) -> rig.container.unpinPages(iova, 3));
        rig.map(RW, rig.caller.pages(10), 0);
        assertThat(pin(0, 3)).hasSize(3);
    }

    private List<Long> pin(long iova, int pages) {
        List<Long> frames = new ArrayList<>();
        FakeGroup group = rig.group();
        rig.container.attachGroup(group, GroupKind.EMULATED);
        rig.container.pinPages(group, iova, pages, RW, (phys, length) -> {
            for (long at = 0; at < length; at += PAGE) {
                frames.add(phys + at);
            }
        });
        rig.container.detachGroup(group);
        return frames;
    }
}

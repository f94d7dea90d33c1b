// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.type1.Rig.PAGE;
import static org.vfio4j.backend.type1.Rig.RW;
import static org.vfio4j.backend.type1.Rig.assertRefused;

import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

class Type1CodecTest {
    private static final byte UNTOUCHED = 0x5a;

    private final Rig rig = Rig.v2().withGroup();
    private final RawCall raw = new RawCall(rig);

    Type1CodecTest() {
        raw.argument.fill(UNTOUCHED);
    }

    @Test
    @Spec("T-012")
    void shouldAnswerTheOldInfoStruct() {
        assertRefused(Errno.EINVAL, () -> raw.getInfo(15));
        raw.getInfo(16);
        assertThat(raw.intAt(0)).isEqualTo(120);
        assertThat(raw.intAt(4)).isEqualTo(3);
        assertThat(raw.longAt(8)).isEqualTo(0x40201000L);
        assertUntouchedFrom(16);
    }

    @Test
    @Spec({"T-013", "T-014"})
    void shouldAskForMoreRoomWithoutWritingPastTheStruct() {
        for (int argsz : new int[] {24, 119}) {
            raw.getInfo(argsz);
            assertThat(raw.intAt(0)).isEqualTo(120);
            assertThat(raw.intAt(16)).as("cap_offset").isZero();
            assertUntouchedFrom(24);
        }
    }

    @Test
    @Spec({"T-015", "T-016", "T-017", "T-018", "T-019"})
    void shouldWriteTheCapabilityChain() {
        raw.getInfo(120);
        assertThat(raw.intAt(0)).isEqualTo(120);
        assertThat(raw.intAt(16)).isEqualTo(24);
        assertCapability(24, 2, 56);
        assertThat(raw.intAt(32)).as("migration flags").isZero();
        assertThat(raw.longAt(40)).as("migration page sizes").isEqualTo(0x1000);
        assertThat(raw.longAt(48)).as("largest bitmap").isEqualTo(0x10000000L);
        assertCapability(56, 3, 72);
        assertThat(raw.intAt(64)).as("mappings available").isEqualTo(65535);
        assertCapability(72, 1, 0);
        assertThat(raw.intAt(80)).as("ranges").isEqualTo(2);
        assertThat(raw.intAt(84)).as("reserved").isZero();
        assertThat(raw.longAt(88)).isZero();
        assertThat(raw.longAt(96)).isEqualTo(0xfedfffffL);
        assertThat(raw.longAt(104)).isEqualTo(0xfef00000L);
        assertThat(raw.longAt(112)).isEqualTo(0xffffffffffffL);
        assertUntouchedFrom(120);
        rig.map(RW, rig.caller.pages(1), 0);
        raw.getInfo(4096);
        assertThat(raw.intAt(0)).isEqualTo(4096);
        assertThat(raw.intAt(64)).isEqualTo(65534);
        rig.unmap(0, PAGE);
        raw.getInfo(4096);
        assertThat(raw.intAt(64)).isEqualTo(65535);
    }

    @Test
    @Spec("T-020")
    void shouldHaveNoRangesWithoutHardware() {
        Rig emulated = Rig.v2().withEmulated();
        RawCall call = new RawCall(emulated);
        call.getInfo(24);
        assertThat(call.intAt(0)).isEqualTo(72);
        call.getInfo(72);
        assertThat(call.longAt(8)).isEqualTo(0xfffffffffffff000L);
        assertThat(call.intAt(60)).as("end of the chain").isZero();
    }

    @Test
    @Spec({"T-021", "T-022", "T-051"})
    void shouldRefuseBadPointersAndSizes() {
        for (int command : new int[] {RawCall.GET_INFO, RawCall.MAP, RawCall.UNMAP, RawCall.DIRTY}) {
            assertRefused(Errno.EFAULT, () -> rig.container.ioctl(rig.caller, command, 0x1000));
        }
        long vaddr = raw.argument.address();
        assertRefused(Errno.EINVAL, () -> raw.map(31, RW, vaddr, 0, PAGE));
        assertRefused(Errno.EINVAL, () -> raw.map(32, 8, vaddr, 0, PAGE));
        assertRefused(Errno.EINVAL, () -> raw.unmap(23, 0, 0, PAGE));
        assertRefused(Errno.EINVAL, () -> raw.unmap(24, 8, 0, PAGE));
    }

    @Test
    @Spec("T-008")
    void shouldNotKnowOtherNumbers() {
        for (int command : new int[] {0x3b73, 0x3b74, 0x3b76, 0x3b64, 0x20003b71, 0}) {
            assertRefused(Errno.ENOTTY, () -> rig.container.ioctl(rig.caller, command, 0));
        }
    }

    @Test
    void shouldWriteBackOnlyWhatUnmapRemoved() {
        raw.map(32, RW, rig.caller.pages(2).address(), 0x3000, 2 * PAGE);
        assertRefused(Errno.EINVAL, () -> raw.unmap(24, 0, 0x3000, PAGE));
        assertThat(raw.longAt(16)).isEqualTo(PAGE);
        raw.unmap(24, 0, 0x1000, 8 * PAGE);
        assertThat(raw.intAt(0)).isEqualTo(24);
        assertThat(raw.longAt(8)).isEqualTo(0x1000);
        assertThat(raw.longAt(16)).isEqualTo(2 * PAGE);
    }

    @Test
    @Spec("T-052")
    void shouldRefuseADirtyBitmapWithOtherFlags() {
        raw.longs(24, PAGE, 8, raw.argument.address() + PAGE);
        assertRefused(Errno.EINVAL, () -> raw.unmap(48, 1 | 2, 0, 0));
        assertRefused(Errno.EINVAL, () -> raw.unmap(48, 1 | 4, 0, PAGE));
        raw.unmap(24, 2 | 4, 0, 0);
    }

    @Test
    @Spec({"T-004", "T-005", "T-006"})
    void shouldAnswerExtensions() {
        Type1Driver driver = new Type1Driver(rig);
        for (int extension : new int[] {1, 3, 9}) {
            assertThat(driver.checkExtension(extension)).isEqualTo(1);
            assertThat(rig.container.checkExtension(extension)).isEqualTo(1);
        }
        for (int extension : new int[] {2, 4, 5, 6, 7, 8, 10, 99, -1}) {
            assertThat(driver.checkExtension(extension)).as("%s", extension).isZero();
        }
        assertThat(rig.container.checkExtension(10)).isEqualTo(1);
        FakeGroup emulated = rig.group();
        rig.container.attachGroup(emulated, GroupKind.EMULATED);
        assertThat(rig.container.checkExtension(10)).isZero();
        rig.container.detachGroup(emulated);
        assertThat(rig.container.checkExtension(10)).isEqualTo(1);
        assertThat(Rig.v2().withEmulated().container.checkExtension(4)).isEqualTo(1);
    }

    @Test
    @Spec("T-003")
    void shouldOpenNoOtherTypes() {
        Type1Driver driver = new Type1Driver(rig);
        assertThat(driver.checkExtension(6)).isZero();
        for (int type : new int[] {6, 9, 2, 0}) {
            assertRefused(Errno.EINVAL, () -> driver.open(type));
        }
        assertThat(driver.types().getFirst().number()).isEqualTo(3);
    }

    private void assertCapability(int offset, int id, int next) {
        assertThat(raw.shortAt(offset)).as("id at %s", offset).isEqualTo(id);
        assertThat(raw.shortAt(offset + 2)).as("version at %s", offset).isEqualTo(1);
        assertThat(raw.intAt(offset + 4)).as("next at %s", offset).isEqualTo(next);
    }

    private void assertUntouchedFrom(long offset) {
        for (long at = offset; at < raw.argument.byteSize(); at++) {
            assertThat(raw.argument.get(ValueLayout.JAVA_BYTE, at))
                    .as("byte %s", at)
                    .isEqualTo(UNTOUCHED);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.type1.Rig.ALL;
import static org.vfio4j.backend.type1.Rig.PAGE;
import static org.vfio4j.backend.type1.Rig.READ;
import static org.vfio4j.backend.type1.Rig.RW;
import static org.vfio4j.backend.type1.Rig.UNMAP_VADDR;
import static org.vfio4j.backend.type1.Rig.VADDR;
import static org.vfio4j.backend.type1.Rig.assertRefused;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

class VaddrUpdateTest {
    private final Rig rig = Rig.v2();
    private final FakeGroup group = rig.attach(rig.group());
    private final MemorySegment memory = rig.caller.pages(8);

    /** e1 = [0, +4 pages), e2 = [0x8000, +4 pages). */
    VaddrUpdateTest() {
        rig.map(RW, memory.address(), 0, 4 * PAGE);
        rig.map(RW, memory.address() + 4 * PAGE, 0x8000, 4 * PAGE);
    }

    @Test
    @Spec({"T-069", "T-070"})
    void shouldInvalidateOnceAndKeepTheTranslation() {
        long left = rig.available();
        assertThat(rig.unmap(UNMAP_VADDR, 0, 4 * PAGE)).isEqualTo(4 * PAGE);
        assertThat(group.attached().iovaToPhys(PAGE)).isNotZero();
        assertThat(rig.available()).isEqualTo(left);
        assertThat(rig.caller.locked()).isEqualTo(8);
        assertRefused(Errno.EINVAL, () -> rig.unmap(UNMAP_VADDR, 0, 4 * PAGE));
        rig.map(VADDR, memory.address(), 0, 4 * PAGE);
    }

    @Test
    @Spec("T-071")
    void shouldRestoreWhatItMarkedWhenAnEntryIsInvalidAlready() {
        rig.unmap(UNMAP_VADDR, 0x8000, 4 * PAGE);
        assertRefused(Errno.EINVAL, () -> rig.unmap(UNMAP_VADDR, 0, 12 * PAGE));
        assertRefused(Errno.EINVAL, () -> rig.map(VADDR, memory.address(), 0, 4 * PAGE));
        rig.map(VADDR, memory.address(), 0x8000, 4 * PAGE);
        rig.attach(rig.group());
    }

    @Test
    @Spec({"T-072", "T-073"})
    void shouldUpdateOnlyExactlyInvalidEntries() {
        assertRefused(Errno.ENOENT, () -> rig.map(VADDR, memory.address(), 0x100000, PAGE));
        assertRefused(Errno.EINVAL, () -> rig.map(VADDR, memory.address(), 0, 4 * PAGE));
        rig.unmap(UNMAP_VADDR, 0, 4 * PAGE);
        assertRefused(Errno.EINVAL, () -> rig.map(VADDR, memory.address(), 0, 2 * PAGE));
        assertRefused(Errno.EINVAL, () -> rig.map(VADDR, memory.address(), PAGE, 3 * PAGE));
        long phys = group.attached().iovaToPhys(0);
        rig.map(VADDR, memory.address() + 4 * PAGE, 0, 4 * PAGE);
        assertThat(group.attached().iovaToPhys(0)).isEqualTo(phys);
        assertThat(rig.unmap(0, 4 * PAGE)).isEqualTo(4 * PAGE);
    }

    @Test
    @Spec("T-074")
    void shouldRefuseAMisalignedNewAddress() {
        rig.unmap(UNMAP_VADDR, 0, 4 * PAGE);
        assertRefused(Errno.EINVAL, () -> rig.map(VADDR, memory.address() + 1, 0, 4 * PAGE));
    }

    @Test
    @Spec({"T-075", "T-078"})
    void shouldRefuseAttachPinAndCopyMeanwhile() {
        rig.unmap(UNMAP_VADDR, 0, 4 * PAGE);
        FakeGroup late = rig.group();
        assertRefused(Errno.EBUSY, () -> rig.attach(late));
        rig.container.registerDevice((iova, length) -> {});
        assertRefused(Errno.EBUSY, () -> rig.container.pinPages(group, 0x8000, 1, READ, (phys, length) -> {}));
        assertRefused(Errno.EBUSY, () -> rig.container.dmaRw(0x8000, MemorySegment.ofArray(new byte[1]), false));
        rig.map(VADDR, memory.address(), 0, 4 * PAGE);
        rig.attach(late);
    }

    @Test
    @Spec("T-076")
    void shouldMapAndUnmapMeanwhile() {
        rig.unmap(UNMAP_VADDR, 0, 4 * PAGE);
        rig.map(RW, memory.address(), 0x100000, PAGE);
        assertThat(rig.unmap(0x100000, PAGE)).isEqualTo(PAGE);
        assertThat(rig.unmap(0, 4 * PAGE)).isEqualTo(4 * PAGE);
        rig.attach(rig.group());
    }

    @Test
    @Spec("T-077")
    void shouldRefuseWhileAGroupWithoutHardwareIsAttachedBeforeAnythingElse() {
        rig.withEmulated();
        assertRefused(Errno.EBUSY, () -> rig.unmap(UNMAP_VADDR, 0, 4 * PAGE));
        assertRefused(Errno.EBUSY, () -> rig.unmap(UNMAP_VADDR, 1, 3));
    }

    @Test
    @Spec("T-079")
    void shouldMoveTheChargeToAnotherProcess() {
        rig.unmap(UNMAP_VADDR, 0, 4 * PAGE);
        FakeCaller heir = new FakeCaller(rig.physical);
        long vaddr = heir.pages(4).address();
        heir.memlockLimit = 3 * PAGE;
        assertRefused(Errno.ENOMEM, () -> rig.container.mapDma(heir, VADDR, vaddr, 0, 4 * PAGE));
        assertThat(rig.caller.locked()).isEqualTo(8);
        assertThat(heir.locked()).isZero();
        heir.memlockLimit = 4 * PAGE;
        rig.container.mapDma(heir, VADDR, vaddr, 0, 4 * PAGE);
        assertThat(rig.caller.locked()).isEqualTo(4);
        assertThat(heir.locked()).isEqualTo(4);
        rig.unmap(ALL, 0, 0);
        rig.assertNothingHeld();
        assertThat(heir.locked()).isZero();
    }

    @Test
    @Spec("T-080")
    void shouldInvalidateEverythingAndMakeEachValidAgain() {
        assertThat(rig.unmap(ALL | UNMAP_VADDR, 0, 0)).isEqualTo(8 * PAGE);
        rig.map(VADDR, memory.address(), 0, 4 * PAGE);
        rig.map(VADDR, memory.address(), 0x8000, 4 * PAGE);
        rig.attach(rig.group());
    }
}

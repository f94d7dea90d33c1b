// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.spapr.Rig.DEFAULT_TABLE;
import static org.vfio4j.backend.spapr.Rig.MIB;
import static org.vfio4j.backend.spapr.Rig.PAGE_4K;
import static org.vfio4j.backend.spapr.Rig.PAGE_64K;
import static org.vfio4j.backend.spapr.Rig.assertRefused;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

/** REGISTER_MEMORY and UNREGISTER_MEMORY. */
class RegistrationTest {
    private final Rig rig = Rig.v2();
    private final TestGroup group = rig.attach();
    private final RawCall raw = rig.raw();
    private final MemorySegment memory = rig.caller.memory(MIB);
    private final MemorySegment buffer = MemorySegment.ofArray(new byte[64]);

    @Test
    @Spec("S-057")
    void shouldRefuseWhatIsNotWholePages() {
        long vaddr = memory.address();
        assertRefused(Errno.EFAULT, () -> raw.callWithBadPointer(RawCall.REGISTER));
        assertRefused(Errno.EINVAL, () -> raw.register(23, 0, vaddr, MIB));
        assertRefused(Errno.EINVAL, () -> raw.register(24, 1, vaddr, MIB));
        assertRefused(Errno.EINVAL, () -> raw.register(24, 0, vaddr + PAGE_4K, PAGE_64K));
        assertRefused(Errno.EINVAL, () -> raw.register(24, 0, vaddr, PAGE_4K));
        assertRefused(Errno.EINVAL, () -> raw.register(24, 0, vaddr, -vaddr));
        rig.assertNothingHeld();
    }

    @Test
    @Spec("S-058")
    void shouldChargeARegionOnce() {
        assertThat(raw.register(24, 0, memory.address(), MIB)).isZero();
        assertThat(rig.caller.locked()).isEqualTo(16);
        assertThat(rig.physical.pinnedPages()).isEqualTo(16);
        assertRefused(Errno.EBUSY, () -> raw.register(24, 0, memory.address(), MIB));
        assertThat(rig.caller.locked()).isEqualTo(16);
        assertThat(rig.physical.pinnedPages()).isEqualTo(16);
    }

    @Test
    @Spec("S-059")
    void shouldRefuseOverlap() {
        rig.register(memory.asSlice(4 * PAGE_64K, 4 * PAGE_64K));
        for (long[] range : new long[][] {{0, 5}, {7, 5}, {5, 1}, {2, 9}, {4, 3}, {5, 3}}) {
            assertRefused(Errno.EINVAL, () -> rig.register(memory.asSlice(range[0] * PAGE_64K, range[1] * PAGE_64K)));
        }
        assertThat(rig.caller.locked()).isEqualTo(4);
        assertThat(rig.physical.pinnedPages()).isEqualTo(4);
    }

    @Test
    @Spec("S-060")
    void shouldTakeAdjacentRegions() {
        rig.register(memory.asSlice(4 * PAGE_64K, PAGE_64K));
        rig.register(memory.asSlice(3 * PAGE_64K, PAGE_64K));
        rig.register(memory.asSlice(5 * PAGE_64K, PAGE_64K));
        assertThat(rig.caller.locked()).isEqualTo(3);
    }

    @Test
    @Spec("S-061")
    void shouldRefuseReadOnlyMemory() {
        rig.caller.own.protect(memory, Protection.READ);
        assertRefused(Errno.EFAULT, () -> rig.register(memory));
        rig.assertNothingHeld();
    }

    @Test
    @Spec("S-062")
    void shouldRegisterNothingWhenThereIsAHole() {
        rig.caller.own.free(memory.asSlice(8 * PAGE_64K, PAGE_64K));
        assertRefused(Errno.EFAULT, () -> rig.register(memory));
        rig.assertNothingHeld();
        assertRefused(Errno.ENOENT, () -> rig.unregister(memory));
    }

    @Test
    @Spec("S-063")
    void shouldRefuseNothing() {
        assertRefused(Errno.ENOMEM, () -> rig.container.registerMemory(rig.caller, memory.address(), 0));
        rig.assertNothingHeld();
    }

    @Test
    @Spec("S-064")
    void shouldKeepToTheLimit() {
        rig.caller.memlockLimit = MIB - 1;
        assertRefused(Errno.ENOMEM, () -> rig.register(memory));
        rig.assertNothingHeld();
        rig.caller.memlockLimit = MIB;
        rig.register(memory);
        rig.unregister(memory);
        rig.caller.memlockLimit = 0;
        rig.caller.grant(Capability.IPC_LOCK);
        rig.register(memory);
        assertThat(rig.caller.locked()).isEqualTo(16);
    }

    @Test
    @Spec("S-065")
    void shouldShareARegionBetweenContainers() {
        rig.register(memory);
        SpaprContainer second = rig.open(7);
        second.registerMemory(rig.caller, memory.address(), MIB);
        assertThat(rig.caller.locked()).isEqualTo(16);
        assertThat(rig.physical.pinnedPages()).isEqualTo(16);
    }

    @Test
    @Spec("S-066")
    void shouldMapWhatAnotherContainerRegistered() {
        rig.register(memory);
        SpaprContainer second = rig.open(7);
        TestGroup secondGroup = rig.group();
        second.attachGroup(secondGroup, GroupKind.IOMMU);
        assertRefused(Errno.EPERM, () -> second.mapDma(rig.caller, Rig.RW, memory.address(), 0, PAGE_64K));
        MemorySegment enabling = rig.caller.memory(PAGE_64K);
        second.registerMemory(rig.caller, enabling.address(), PAGE_64K);
        second.mapDma(rig.caller, Rig.RW, memory.address(), 0, PAGE_64K);
        assertThat(secondGroup.port.read(0, buffer, 0, 64)).isTrue();
        rig.close(group);
        assertThat(secondGroup.port.read(0, buffer, 0, 64))
                .as("after the other container went")
                .isTrue();
        second.unmapDma(rig.caller, 0, 0, PAGE_64K);
        assertThat(rig.physical.pinnedPages())
                .as("the other container's region")
                .isEqualTo(1);
        second.detachGroup(secondGroup);
        second.release();
        rig.assertNothingHeld();
    }

    @Test
    @Spec("S-067")
    void shouldGiveTheChargeBack() {
        rig.register(memory);
        assertThat(raw.unregister(24, 0, memory.address(), MIB)).isZero();
        rig.assertNothingHeld();
        assertRefused(Errno.ENOENT, () -> rig.unregister(memory));
    }

    @Test
    @Spec("S-068")
    void shouldUnregisterOnlyWhatThisContainerRegistered() {
        rig.register(memory);
        assertRefused(Errno.ENOENT, () -> rig.unregister(memory.asSlice(0, PAGE_64K)));
        assertRefused(Errno.ENOENT, () -> rig.unregister(memory.asSlice(PAGE_64K, PAGE_64K)));
        SpaprContainer second = rig.open(7);
        MemorySegment enabling = rig.caller.memory(PAGE_64K);
        second.registerMemory(rig.caller, enabling.address(), PAGE_64K);
        assertRefused(Errno.ENOENT, () -> second.unregisterMemory(rig.caller, memory.address(), MIB));
        assertThat(rig.caller.locked()).isEqualTo(17);
    }

    @Test
    @Spec("S-069")
    void shouldRefuseMisalignedUnregister() {
        rig.register(memory);
        assertRefused(Errno.EINVAL, () -> raw.unregister(24, 0, memory.address() + PAGE_4K, MIB));
        assertRefused(Errno.EINVAL, () -> raw.unregister(24, 0, memory.address(), PAGE_4K));
        assertRefused(Errno.EINVAL, () -> raw.unregister(23, 0, memory.address(), MIB));
        assertRefused(Errno.EINVAL, () -> raw.unregister(24, 1, memory.address(), MIB));
    }

    @Test
    @Spec("S-070")
    void shouldKeepUnregisteredMemoryUntilItsLastEntryIsCleared() {
        rig.register(memory);
        rig.map(Rig.RW, memory.address(), 0, 2 * PAGE_4K);
        rig.unregister(memory);
        assertThat(rig.caller.locked()).isEqualTo(16 + DEFAULT_TABLE);
        assertThat(group.port.read(0, buffer, 0, 64)).isTrue();
        rig.map(Rig.RW, memory.address() + PAGE_64K, 2 * PAGE_4K, PAGE_4K);
        rig.unmap(0, 2 * PAGE_4K);
        assertThat(rig.caller.locked()).isEqualTo(16 + DEFAULT_TABLE);
        rig.unmap(2 * PAGE_4K, PAGE_4K);
        assertThat(rig.caller.locked()).isEqualTo(DEFAULT_TABLE);
        assertThat(rig.physical.pinnedPages()).isZero();
        assertRefused(Errno.EINVAL, () -> rig.map(Rig.RW, memory.address(), 0, PAGE_4K));
    }

    @Test
    void shouldTakeMemoryUpAgainThatOnlyEntriesKept() {
        rig.register(memory);
        rig.map(Rig.RW, memory.address(), 0, PAGE_4K);
        rig.unregister(memory);
        rig.register(memory);
        assertThat(rig.caller.locked()).isEqualTo(16 + DEFAULT_TABLE);
        rig.unmap(0, PAGE_4K);
        assertThat(rig.caller.locked()).isEqualTo(16 + DEFAULT_TABLE);
        rig.unregister(memory);
        assertThat(rig.caller.locked()).isEqualTo(DEFAULT_TABLE);
    }

    @Test
    @Spec("S-071")
    void shouldChargeUntilTheLastContainerUnregisters() {
        rig.register(memory);
        SpaprContainer second = rig.open(7);
        second.registerMemory(rig.caller, memory.address(), MIB);
        rig.unregister(memory);
        assertThat(rig.caller.locked()).isEqualTo(16);
        second.unregisterMemory(rig.caller, memory.address(), MIB);
        rig.assertNothingHeld();
    }

    @Test
    void shouldFindEveryRegionAmongMany() {
        int pages = 300;
        MemorySegment many = rig.caller.memory(pages * PAGE_64K);
        int[] order = new int[pages];
        for (int i = 0; i < pages; i++) {
            order[i] = i;
        }
        var random = new SplittableRandom(42);
        for (int i = pages - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swapped = order[i];
            order[i] = order[j];
            order[j] = swapped;
        }
        for (int page : order) {
            if (page % 3 != 0) {
                rig.register(many.asSlice(page * PAGE_64K, PAGE_64K));
            }
        }
        assertThat(rig.regions().count()).isEqualTo(200);
        for (int page = 0; page < pages; page++) {
            MemoryRegion first = rig.regions().find(many.address() + page * PAGE_64K);
            MemoryRegion last = rig.regions().find(many.address() + page * PAGE_64K + PAGE_64K - 1);
            assertThat(last).as("page %s", page).isSameAs(first);
            if (page % 3 == 0) {
                assertThat(first).as("page %s", page).isNull();
            } else {
                assertThat(first).as("page %s", page).isNotNull();
            }
        }
        for (int page : order) {
            if (page % 3 != 0) {
                rig.unregister(many.asSlice(page * PAGE_64K, PAGE_64K));
            }
        }
        rig.assertNothingHeld();
    }
}

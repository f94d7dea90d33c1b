// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.type1.Rig.PAGE;
import static org.vfio4j.backend.type1.Rig.READ;
import static org.vfio4j.backend.type1.Rig.RW;
import static org.vfio4j.backend.type1.Rig.WRITE;
import static org.vfio4j.backend.type1.Rig.assertRefused;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.host.embedded.iommu.EmbeddedGroup;
import org.vfio4j.host.embedded.iommu.FaultLog;
import org.vfio4j.host.embedded.iommu.PagingConfig;
import org.vfio4j.host.embedded.iommu.PagingUnit;
import org.vfio4j.spi.host.DmaFault;
import org.vfio4j.spi.iommu.DmaLimits.Range;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.spi.model.DmaPort;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

/** The backend over the software IOMMU: what devices really reach. */
class SoftwareIommuTest {
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

    private final Rig rig = Rig.v2();
    private final FaultLog faults = new FaultLog();
    private final PagingUnit unit = new PagingUnit("unit", rig.physical, PagingConfig.defaults(), faults);
    private final EmbeddedGroup group = unit.newGroup(1);
    private final DmaPort port = device(group, "first");
    private final MemorySegment buffer = MemorySegment.ofArray(new byte[64]);

    SoftwareIommuTest() {
        attach(group);
    }

    @Test
    void shouldOfferWhatTheHardwareOffers() {
        assertThat(rig.container.limits().pageSizes()).isEqualTo(0x40201000L);
        assertThat(rig.container.limits().ranges())
                .containsExactly(new Range(0, 0xfedfffffL), new Range(0xfef00000L, 0xffffffffffffL));
    }

    @Test
    void shouldMoveBytesBothWaysAcrossScatteredPages() {
        MemorySegment memory = rig.scatteredPages(3);
        rig.map(RW, memory, 0x10000);
        buffer.fill((byte) 7);
        assertThat(port.write(0x10000 + PAGE - 10, buffer, 0, 64)).isTrue();
        assertThat(memory.get(BYTE, PAGE - 10)).isEqualTo((byte) 7);
        assertThat(memory.get(BYTE, PAGE + 53)).isEqualTo((byte) 7);
        assertThat(memory.get(BYTE, PAGE + 54)).isEqualTo((byte) 0);
        memory.fill((byte) 9);
        assertThat(port.read(0x10000 + 2 * PAGE - 1, buffer, 0, 64)).isTrue();
        assertThat(buffer.get(BYTE, 63)).isEqualTo((byte) 9);
    }

    @Test
    @Spec({"T-037", "T-038"})
    void shouldRefuseAccessThatIsNotGranted() {
        MemorySegment memory = rig.caller.pages(2);
        rig.map(READ, memory.address(), 0, PAGE);
        rig.map(WRITE, memory.address() + PAGE, 0x1000, PAGE);
        buffer.fill((byte) 1);
        assertThat(port.write(0, buffer, 0, 64)).isFalse();
        assertThat(memory.get(BYTE, 0)).isZero();
        assertThat(faults.faults())
                .last()
                .satisfies(fault -> assertThat(fault.reason()).isEqualTo(DmaFault.Reason.PERMISSION));
        assertThat(port.read(0, buffer, 0, 64)).isTrue();
        buffer.fill((byte) 2);
        assertThat(port.write(0x1000, buffer, 0, 64)).isTrue();
        assertThat(memory.get(BYTE, PAGE)).isEqualTo((byte) 2);
    }

    @Test
    @Spec("T-163")
    void shouldRefuseUnmappedAddressesAndGoOn() {
        MemorySegment memory = rig.caller.pages(1);
        rig.map(RW, memory, 0);
        assertThat(port.write(PAGE, buffer, 0, 64)).isFalse();
        assertThat(port.write(0, buffer, 0, 64)).isTrue();
        rig.unmap(0, PAGE);
        assertThat(port.read(0, buffer, 0, 1)).isFalse();
        rig.map(RW, memory, 0);
        assertThat(port.read(0, buffer, 0, 1)).isTrue();
    }

    @Test
    @Spec("T-164")
    void shouldReachTheOldPagesAfterTheOwnerFreedThem() {
        MemorySegment memory = rig.caller.pages(1);
        rig.map(RW, memory, 0);
        memory.set(BYTE, 5, (byte) 42);
        rig.caller.memory().free(memory);
        assertThat(port.read(0, buffer, 0, 64)).isTrue();
        assertThat(buffer.get(BYTE, 5)).isEqualTo((byte) 42);
        assertThat(rig.unmap(0, PAGE)).isEqualTo(PAGE);
        assertThat(port.read(0, buffer, 0, 64)).isFalse();
        rig.assertNothingHeld();
    }

    @Test
    @Spec({"T-096", "T-154"})
    void shouldShareADomainAndBlockTheGroupThatLeaves() {
        EmbeddedGroup second = unit.newGroup(2);
        DmaPort secondPort = device(second, "second");
        rig.map(RW, rig.caller.pages(1), 0);
        attach(second);
        assertThat(second.attachedDomain()).isEqualTo(group.attachedDomain());
        assertThat(secondPort.read(0, buffer, 0, 8)).isTrue();
        rig.container.detachGroup(group);
        assertThat(port.read(0, buffer, 0, 8)).isFalse();
        assertThat(secondPort.read(0, buffer, 0, 8)).isTrue();
    }

    @Test
    void shouldReplayForAGroupBehindAnotherUnit() {
        PagingUnit narrow =
                new PagingUnit("narrow", rig.physical, PagingConfig.defaults().withAperture(0, 39), faults);
        EmbeddedGroup second = narrow.newGroup(2);
        DmaPort secondPort = device(second, "second");
        rig.map(RW, rig.scatteredPages(3), 0x4000);
        attach(second);
        assertThat(second.attachedDomain()).isNotEqualTo(group.attachedDomain());
        assertThat(secondPort.write(0x4000 + PAGE, buffer, 0, 64)).isTrue();
        assertThat(port.write(0x4000 + PAGE, buffer, 0, 64)).isTrue();
        assertRefused(Errno.EINVAL, () -> rig.map(RW, rig.caller.pages(1), 1L << 39));
        rig.container.detachGroup(second);
        rig.map(RW, rig.caller.pages(1), 1L << 39);
    }

    @Test
    void shouldUndoAMapThatRunsOutOfTables() {
        PagingUnit poor =
                new PagingUnit("poor", rig.physical, PagingConfig.defaults().withTableLimit(4), faults);
        Rig small = Rig.v2();
        EmbeddedGroup only = poor.newGroup(3);
        device(only, "only");
        only.claimDmaOwner(small, false);
        small.container.attachGroup(only, GroupKind.IOMMU);
        small.map(RW, small.caller.pages(1), 0);
        assertRefused(Errno.ENOMEM, () -> small.map(RW, small.caller.pages(1), 1L << 40));
        assertThat(small.caller.locked()).isEqualTo(1);
        assertThat(small.physical.pinnedPages()).isEqualTo(1);
        assertThat(small.available()).isEqualTo(65534);
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void shouldLetNoAccessThroughOnceUnmapReturned() throws InterruptedException {
        MemorySegment memory = rig.caller.pages(1);
        AtomicBoolean stop = new AtomicBoolean();
        AtomicLong succeeded = new AtomicLong();
        Thread device = Thread.ofPlatform().start(() -> {
            MemorySegment own = MemorySegment.ofArray(new byte[64]);
            own.fill((byte) 1);
            while (!stop.get()) {
                if (port.write(0, own, 0, 64)) {
                    succeeded.incrementAndGet();
                }
            }
        });
        try {
            for (int round = 0; round < 300; round++) {
                rig.map(RW, memory, 0);
                long before = succeeded.get();
                while (succeeded.get() == before) {
                    Thread.onSpinWait();
                }
                rig.unmap(0, PAGE);
                memory.fill((byte) 0);
                for (int look = 0; look < 50; look++) {
                    assertThat(memory.get(BYTE, look)).as("round %s", round).isZero();
                }
            }
        } finally {
            stop.set(true);
            device.join();
        }
        rig.assertNothingHeld();
    }

    private void attach(EmbeddedGroup target) {
        target.claimDmaOwner(rig, false);
        rig.container.attachGroup(target, GroupKind.IOMMU);
    }

    private static DmaPort device(EmbeddedGroup target, String name) {
        TestDevice device = new TestDevice(name, target);
        target.join(device);
        return target.port(device, () -> true);
    }
}

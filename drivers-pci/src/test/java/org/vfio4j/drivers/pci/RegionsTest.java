// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.PciResource;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioPci;
import org.vfio4j.uapi.VfioRegion;

class RegionsTest {
    private static final int READ_WRITE = 3;
    private static final int READ_WRITE_MAP = 7;
    private static final int ROM = VfioPci.VFIO_PCI_ROM_REGION_INDEX;

    private FakeFunction function = FakeFunction.plain();

    @AfterEach
    void close() {
        function.close();
    }

    private void replace(FakeFunction other) {
        function.close();
        function = other;
    }

    private static PciResource rom(long length) {
        return new PciResource(0xfeb00000L, length, PciResource.Kind.MEMORY, false, false);
    }

    private static MemorySegment image(int length) {
        var bytes = new byte[length];
        bytes[0] = 0x55;
        bytes[1] = (byte) 0xaa;
        return MemorySegment.ofArray(bytes);
    }

    @Test
    @Spec({"P-044", "P-054", "P-056", "P-059"})
    void shouldDescribeRegions() {
        var device = User.of(function).device;
        assertThat(device.regionInfo(0).size()).isEqualTo(0x100000);
        assertThat(device.regionInfo(1).size()).isZero();
        assertThat(device.regionInfo(1).flags()).isZero();
        assertThat(device.regionInfo(1).offset()).isEqualTo(1L << 40);
        assertThat(device.regionInfo(7).size()).isEqualTo(256);
        assertThat(device.regionInfo(7).flags()).isEqualTo(READ_WRITE);
        User.refused(Errno.EINVAL, () -> device.regionInfo(8));
        User.refused(Errno.EINVAL, () -> device.regionInfo(9));
        User.refused(Errno.EINVAL, () -> device.regionInfo(-1));
    }

    @Test
    @Spec({"P-045", "P-048", "P-055"})
    void shouldDescribePortsWideRegistersAndExtendedConfiguration() {
        replace(FakeFunction.express());
        function.resource(2, new PciResource(0xe000, 32, PciResource.Kind.IO, false, false), true);
        function.resource(3, new PciResource(0x2_0000_0000L, 1L << 33, PciResource.Kind.MEMORY, true, true), false);
        var device = User.of(function).device;
        assertThat(device.regionInfo(2).flags()).isEqualTo(READ_WRITE);
        assertThat(device.regionInfo(3).size()).isEqualTo(1L << 33);
        assertThat(device.regionInfo(4).size()).isZero();
        assertThat(device.regionInfo(7).size()).isEqualTo(4096);
    }

    @Test
    @Spec({"P-049", "P-050"})
    void shouldOfferShortRegistersForMappingOnlyAloneInTheirPage() {
        function.resource(1, new PciResource(0xfe401000L, 0x100, PciResource.Kind.MEMORY, false, false), true);
        function.resource(2, new PciResource(0xfe402100L, 0x100, PciResource.Kind.MEMORY, false, false), true);
        function.resource(3, new PciResource(0xfe403000L, 0x100, PciResource.Kind.MEMORY, false, false), true);
        function.resource(4, new PciResource(0xfe403800L, 0x100, PciResource.Kind.MEMORY, false, false), true);
        var device = User.of(function).device;
        assertThat(device.regionInfo(1).flags()).as("alone").isEqualTo(READ_WRITE_MAP);
        assertThat(device.regionInfo(2).flags()).as("not aligned").isEqualTo(READ_WRITE);
        assertThat(device.regionInfo(3).flags()).as("shares its page").isEqualTo(READ_WRITE);
    }

    @Test
    @Spec({"P-046", "P-047", "P-155"})
    void shouldAllowMappingTheVectorTable() {
        function.bar(1, 0x4000, true);
        function.msix(5, 1, 0);
        var device = User.of(function).device;
        var info = device.regionInfo(1);
        assertThat(info.flags()).as("the codec adds CAPS").isEqualTo(READ_WRITE_MAP);
        assertThat(info.capabilities()).singleElement().satisfies(capability -> {
            assertThat(capability.id()).isEqualTo(VfioRegion.VFIO_REGION_INFO_CAP_MSIX_MAPPABLE);
            assertThat(capability.version()).isOne();
            assertThat(capability.body()).isEmpty();
        });
        assertThat(device.regionInfo(0).capabilities()).isEmpty();
        function.memoryOf(1).set(ValueLayout.JAVA_BYTE, 0, (byte) 0x21);
        try (var mapping = device.mmap(RegionOffset.of(1), 0x1000, 1, true)) {
            assertThat(mapping.segment().get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 0x21);
        }
    }

    @Test
    @Spec({"P-051", "P-141", "P-142", "P-143", "P-145"})
    void shouldReadRomImage() {
        function.resource(PciFunction.ROM, rom(0x10000), false);
        function.rom = image(0x200);
        var user = User.of(function);
        assertThat(user.read(ROM, 0, 2)).containsExactly(0x55, 0xaa);
        assertThat(user.read(ROM, 0x1ff, 3)).as("beyond the image").containsExactly(0, -1, -1);
        assertThat(user.read(ROM, 0xffff, 8)).hasSize(1);
        User.refused(Errno.EINVAL, () -> user.write(ROM, 0, 1));
        user.config(PciRegister.COMMAND, 2, 0);
        assertThat(user.device.regionInfo(ROM).size()).isEqualTo(0x10000);
        assertThat(user.device.regionInfo(ROM).flags()).isEqualTo(VfioRegion.VFIO_REGION_INFO_FLAG_READ);
        assertThat(user.config(PciRegister.COMMAND, 2)).isZero();
        User.refused(Errno.ENOMEM, () -> user.read(ROM, 0, 2));
    }

    @Test
    @Spec({"P-052", "P-146"})
    void shouldDescribeMissingAndInvalidRomAsEmpty() {
        var without = User.of(function);
        assertThat(without.device.regionInfo(ROM).size()).isZero();
        User.refused(Errno.EINVAL, () -> without.read(ROM, 0, 2));
        replace(FakeFunction.plain());
        function.resource(PciFunction.ROM, rom(0x10000), false);
        var info = User.of(function).device.regionInfo(ROM);
        assertThat(info.size()).isZero();
        assertThat(info.flags()).isZero();
    }

    @Test
    @Spec({"P-053", "P-144"})
    void shouldRoundFirmwareCopyUpAndReadItWithoutDecoding() {
        function.rom = image(40000);
        var user = User.of(function);
        assertThat(user.device.regionInfo(ROM).size()).isEqualTo(65536);
        assertThat(user.device.regionInfo(ROM).flags()).isEqualTo(VfioRegion.VFIO_REGION_INFO_FLAG_READ);
        user.config(PciRegister.COMMAND, 2, 0);
        assertThat(user.read(ROM, 0, 2)).containsExactly(0x55, 0xaa);
    }

    @Test
    @Spec({"P-131", "P-132", "P-133"})
    void shouldEndTransfersAtTheRegistersEnd() {
        var user = User.of(function);
        assertThat(user.read(0, 0x100000 - 2, 8)).hasSize(2);
        assertThat(user.write(0, 0x100000 - 2, 1, 2, 3, 4)).isEqualTo(2);
        User.refused(Errno.EINVAL, () -> user.read(0, 0x100000, 1));
        User.refused(Errno.EINVAL, () -> user.read(1, 0, 1));
    }

    @Test
    @Spec({"P-134", "P-135", "P-136"})
    void shouldAccessInNaturallyAlignedChunks() {
        var user = User.of(function);
        user.read(0, 4, 8);
        user.read(0, 0, 8);
        user.read(0, 1, 7);
        assertThat(function.accesses).containsExactly("read4@4", "read4@8", "read8@0", "read1@1", "read2@2", "read4@4");
    }

    @Test
    @Spec({"P-137", "P-138", "P-139", "P-140"})
    void shouldHideTheVectorTableFromReadsAndWrites() {
        function.bar(1, 0x4000, false);
        function.msix(5, 1, 0);
        var user = User.of(function);
        function.memoryOf(1).set(ValueLayout.JAVA_BYTE, 0, (byte) 7);
        function.memoryOf(1).set(ValueLayout.JAVA_BYTE, 80, (byte) 8);
        assertThat(user.read(1, 0, 16)).containsOnly(-1);
        assertThat(user.write(1, 0, 1, 2, 3, 4)).isEqualTo(4);
        assertThat(function.memoryOf(1).get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 7);
        assertThat(user.read(1, 78, 4)).containsExactly(-1, -1, 8, 0);
        function.memoryOf(1).set(ValueLayout.JAVA_BYTE, 0x3000, (byte) 9);
        assertThat(user.read(1, 0x3000, 1)).as("pending bits are ordinary").containsExactly(9);
    }

    @Test
    @Spec("P-034")
    void shouldKeepRefusedReservationForLater() {
        function.bar(2, 0x1000, true);
        function.refusedRegions.add(2);
        var user = User.of(function);
        User.refused(Errno.EBUSY, () -> user.read(2, 0, 4));
        User.refused(Errno.EBUSY, () -> user.device.mmap(RegionOffset.of(2), 0x1000, 3, true));
        User.refused(Errno.EBUSY, () -> new IoEventCall(user).add(2, 0, 4, new FakeEvent()));
        assertThat(user.read(0, 0, 4)).hasSize(4);
    }

    @Test
    @Spec("P-152")
    void shouldRefuseMappingsThatMakeNoSense() {
        function.bar(1, 0x2000, true);
        var device = User.of(function).device;
        User.refused(Errno.EINVAL, () -> device.mmap(RegionOffset.of(1), 0x1000, 3, false));
        for (int region : new int[] {2, ROM, 7, 8, 20}) {
            User.refused(Errno.EINVAL, () -> device.mmap(RegionOffset.of(region), 0x1000, 3, true));
        }
        User.refused(Errno.EINVAL, () -> device.mmap(RegionOffset.of(1), 0x3000, 3, true));
        User.refused(Errno.EINVAL, () -> device.mmap(RegionOffset.of(1) + 0x2000, 0x1000, 3, true));
        device.mmap(RegionOffset.of(1) + 0x1000, 0x1000, 3, true).close();
    }

    @Test
    @Spec("P-153")
    void shouldMapWhileDecodingIsOff() {
        function.bar(1, 0x1000, true);
        var user = User.of(function);
        user.config(PciRegister.COMMAND, 2, 0);
        try (var mapping = user.device.mmap(RegionOffset.of(1), 0x1000, 3, true)) {
            assertThatThrownBy(mapping::segment).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    @Spec("P-154")
    void shouldRevokeMappingsOnReset() {
        function.bar(1, 0x1000, true);
        var user = User.of(function);
        try (var mapping = user.device.mmap(RegionOffset.of(1), 0x1000, 3, true)) {
            var before = mapping.segment();
            before.set(ValueLayout.JAVA_BYTE, 0, (byte) 5);
            user.device.reset();
            assertThatThrownBy(() -> before.get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
            assertThat(mapping.segment().get(ValueLayout.JAVA_BYTE, 0)).isZero();
        }
    }

    @Test
    void shouldKeepReadOnlyMappingsReadOnlyAndEndWithClose() {
        function.bar(1, 0x1000, true);
        var mapping = User.of(function).device.mmap(RegionOffset.of(1), 0x1000, 1, true);
        var segment = mapping.segment();
        assertThat(segment.isReadOnly()).isTrue();
        mapping.close();
        mapping.close();
        assertThatThrownBy(() -> segment.get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(mapping::segment).isInstanceOf(IllegalStateException.class);
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.pci.MappableArea;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioFeature;
import org.vfio4j.uapi.VfioRegion;
import org.vfio4j.uapi.struct.UapiLayouts;

/** When mappings of programs reach the registers, and which parts can be mapped. Spec: pci §7, §11. */
class MappingVisibilityTest {
    private static final int MAPPED = 1;

    private FakeFunction function;

    @SuppressWarnings("NullAway.Init")
    MappingVisibilityTest() {}

    @BeforeEach
    void make() {
        function = FakeFunction.express();
        function.bar(MAPPED, 0x4000, true);
    }

    @AfterEach
    void close() {
        function.close();
    }

    @Test
    void shouldHideMappingsWhileDecodingIsOff() {
        var user = User.of(function);
        assertThat(function.shown).as("after open").isTrue();
        user.config(PciRegister.COMMAND, 2, 0);
        assertThat(function.shown).as("decoding off").isFalse();
        user.device.reset();
        assertThat(function.shown).as("a reset while it is off").isFalse();
        user.config(PciRegister.COMMAND, 1, 2);
        assertThat(function.shown).as("decoding on").isTrue();
    }

    @Test
    void shouldHideMappingsInD3hotAndShowThemAfterAReset() {
        int at = function.power(true);
        var user = User.of(function);
        user.config(at + 4, 2, 3);
        assertThat(function.shown).as("in D3hot").isFalse();
        user.device.reset();
        assertThat(function.shown).as("after a reset, which wakes it").isTrue();
        user.config(at + 4, 2, 3);
        user.config(at + 4, 2, 0);
        assertThat(function.shown).as("in D0").isTrue();
    }

    @Test
    void shouldHideMappingsInLowPowerUntilItEndsOrAWakeUpEndsIt() {
        var user = User.of(function);
        var call = new IoEventCall(user);
        int set = VfioFeature.VFIO_DEVICE_FEATURE_SET;
        user.device.feature(call, VfioFeature.VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY | set, 0, 0);
        assertThat(function.shown).as("low power").isFalse();
        user.read(0, 0, 4);
        assertThat(function.shown).as("an access wakes it for itself alone").isFalse();
        user.device.feature(call, VfioFeature.VFIO_DEVICE_FEATURE_LOW_POWER_EXIT | set, 0, 0);
        assertThat(function.shown).as("low power left").isTrue();

        var power = user.device.power();
        power.get();
        call.struct.set(UapiLayouts.S32, 0, call.file(new FakeEvent()));
        user.device.feature(call, VfioFeature.VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP | set, 0, 8);
        power.put();
        assertThat(function.shown).as("low power with wake-up").isFalse();
        user.read(0, 0, 4);
        assertThat(function.shown).as("woken up").isTrue();
    }

    @Test
    void shouldTellTheHostOfEachMappingOnce() {
        var device = User.of(function).device;
        var first = device.mmap(RegionOffset.of(MAPPED), 0x1000, 3, true);
        var second = device.mmap(RegionOffset.of(MAPPED), 0x4000, 1, true);
        assertThat(function.mappings).isEqualTo(2);
        first.close();
        first.close();
        assertThat(function.mappings).isEqualTo(1);
        second.close();
        assertThat(function.mappings).isZero();
        User.refused(Errno.EINVAL, () -> device.mmap(RegionOffset.of(MAPPED), 0x8000, 3, true));
        assertThat(function.mappings).as("after a refusal").isZero();
    }

    @Test
    void shouldOfferAndMapTheAreasTheHostNames() {
        function.areas = List.of(new MappableArea(0x1000, 0x1000), new MappableArea(0x3000, 0x1000));
        var device = User.of(function).device;
        var info = device.regionInfo(MAPPED);
        assertThat(info.flags() & VfioRegion.VFIO_REGION_INFO_FLAG_MMAP).isNotZero();
        assertThat(info.capabilities()).singleElement().satisfies(sparse -> {
            assertThat(sparse.id()).isEqualTo(VfioRegion.VFIO_REGION_INFO_CAP_SPARSE_MMAP);
            assertThat(sparse.version()).isEqualTo(1);
            var body = MemorySegment.ofArray(sparse.body());
            assertThat(body.byteSize()).isEqualTo(8 + 2 * 16);
            assertThat(body.get(UapiLayouts.U32, 0)).isEqualTo(2);
            assertThat(body.get(UapiLayouts.U64, 8)).isEqualTo(0x1000);
            assertThat(body.get(UapiLayouts.U64, 16)).isEqualTo(0x1000);
            assertThat(body.get(UapiLayouts.U64, 24)).isEqualTo(0x3000);
        });
        device.mmap(RegionOffset.of(MAPPED) + 0x1000, 0x1000, 3, true).close();
        device.mmap(RegionOffset.of(MAPPED) + 0x3000, 0x800, 3, true).close();
        for (long offset : new long[] {0, 0x2000}) {
            User.refused(Errno.EINVAL, () -> device.mmap(RegionOffset.of(MAPPED) + offset, 0x1000, 3, true));
        }
        User.refused(Errno.EINVAL, () -> device.mmap(RegionOffset.of(MAPPED) + 0x1000, 0x2000, 3, true));
    }

    @Test
    void shouldOfferNoAreasWhenAllCanBeMapped() {
        var info = User.of(function).device.regionInfo(MAPPED);
        assertThat(info.capabilities()).isEmpty();
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.vfio4j.Device;
import org.vfio4j.Interrupts;
import org.vfio4j.OpenOptions;
import org.vfio4j.OpenPath;
import org.vfio4j.spi.device.RegionInfo;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioDeviceInfoFlags;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIrq;
import org.vfio4j.uapi.VfioRegion;

/**
 * What every bus driver must do, shown with one of its devices that the machine binds to it when it starts. Extend it and name the
 * driver, the device and a way to open it that the loaded backends allow.
 */
public abstract class BusDriverContract extends MachineContract {
    private static final int NO_SUCH_INDEX = 4096;
    /** Portals of a management complex take whole commands only; everything else takes this much too. */
    private static final int WHOLE_COMMAND = 64;

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** For subclasses. */
    protected BusDriverContract() {}

    /** Name of the driver. */
    protected abstract String driver();

    /** Name of the device. */
    protected abstract String device();

    /** How the device is opened. */
    protected abstract OpenOptions openOptions();

    /**
     * Whether the driver may be unbound from the device and bound again; mediated devices belong to their driver from creation to
     * removal.
     */
    protected boolean rebinds() {
        return true;
    }

    private Device open() {
        return vfio().open(device(), openOptions());
    }

    @Test
    void shouldBeListedWithItsDevices() {
        long devices = vfio().devices().stream()
                .filter(view -> view.index().isPresent()
                        && view.driver().filter(driver()::equals).isPresent())
                .count();
        assertThat(vfio().drivers())
                .as("loaded drivers")
                .filteredOn(view -> view.name().equals(driver()))
                .singleElement()
                .satisfies(view -> {
                    assertThat(view.description()).isNotBlank();
                    assertThat(view.bus()).isEqualTo(vfio().device(device()).bus());
                    assertThat((long) view.devices())
                            .as("devices it says it has")
                            .isEqualTo(devices);
                });
    }

    @Test
    void shouldRegisterItsDevice() {
        var view = vfio().device(device());
        assertThat(view.driver()).contains(driver());
        assertThat(view.nativeDriver()).as("a native driver has it").isFalse();
        assertThat(view.index()).as("X of vfioX").isPresent();
        assertThat(view.deviceSet()).as("dev_set").isPresent();
        assertThat(view.group()).as("group").isPresent();
        assertThat(view.openCount()).as("granted files").isZero();
        assertThat(vfio().device("vfio" + view.index().orElseThrow()).name()).isEqualTo(device());
    }

    @Test
    void shouldLetGoAndTakeAgain() {
        Assumptions.assumeTrue(rebinds(), "the driver's devices stay with it from creation to removal");
        vfio().unbind(device());
        assertThat(vfio().device(device()).driver()).as("driver after unbind").isEmpty();
        assertThat(vfio().device(device()).index())
                .as("VFIO index after unbind")
                .isEmpty();
        assertRefused("opening a device without driver", Errno.ENODEV, this::open);
        vfio().bind(device(), driver());
        assertThat(vfio().device(device()).driver()).as("driver after bind").contains(driver());
        assertRefused("binding a device that has a driver", Errno.EBUSY, () -> vfio().bind(device(), driver()));
        try (var again = open()) {
            assertThat(again.name()).isEqualTo(device());
        }
    }

    @Test
    void shouldAnswerForEveryRegion() {
        try (var device = open()) {
            var info = device.info();
            assertThat(info.regions()).as("number of regions").isPositive();
            var present = new ArrayList<RegionInfo>();
            for (var index = 0; index < info.regions(); index++) {
                try {
                    var region = device.region(index).info();
                    assertThat(region.index()).as("index of region %d", index).isEqualTo(index);
                    assertThat(region.size()).as("size of region %d", index).isNotNegative();
                    if (region.size() > 0) {
                        present.add(region);
                    }
                } catch (VfioException absent) {
                    // PCI answers so for a VGA region the device does not have.
                    assertThat(absent.errno())
                            .as("region %d: %s", index, absent.getMessage())
                            .isEqualTo(Errno.EINVAL);
                }
            }
            assertThat(present).as("regions that exist").isNotEmpty();
            for (var left : present) {
                for (var right : present) {
                    assertThat(left != right
                                    && left.offset() < right.offset() + right.size()
                                    && right.offset() < left.offset() + left.size())
                            .as("%s and %s share file offsets", left, right)
                            .isFalse();
                }
            }
            for (int index : new int[] {info.regions(), NO_SUCH_INDEX, -1}) {
                assertRefused(
                        "region " + index,
                        Errno.EINVAL,
                        () -> device.region(index).info());
            }
        }
    }

    @Test
    void shouldKeepAccessWithinItsRegions() {
        try (var device = open()) {
            for (var index = 0; index < device.info().regions(); index++) {
                RegionInfo info;
                try {
                    info = device.region(index).info();
                } catch (VfioException absent) {
                    continue;
                }
                var region = device.region(index);
                var readable = (info.flags() & VfioRegion.VFIO_REGION_INFO_FLAG_READ) != 0 && info.size() > 0;
                if (readable) {
                    var start = MemorySegment.ofArray(new byte[(int) Math.min(info.size(), WHOLE_COMMAND)]);
                    assertThat(region.read(0, start))
                            .as("bytes read from region %d", index)
                            .isEqualTo(start.byteSize());
                }
                var outside = info.size();
                assertRefused(
                        "read at 0x" + Long.toHexString(outside) + " of region " + info,
                        Set.of(Errno.EINVAL, Errno.EFAULT, Errno.EIO, Errno.ENXIO),
                        () -> region.readByte(outside));
            }
        }
    }

    @Test
    void shouldAnswerForEveryInterruptIndex() {
        try (var device = open()) {
            var info = device.info();
            for (var index = 0; index < info.irqs(); index++) {
                try {
                    var irq = device.interrupts(index).info();
                    assertThat(irq.index()).as("index of interrupt %d", index).isEqualTo(index);
                    assertThat(irq.count()).as("vectors of interrupt %d", index).isNotNegative();
                } catch (VfioException absent) {
                    assertThat(absent.errno())
                            .as("interrupt %d: %s", index, absent.getMessage())
                            .isEqualTo(Errno.EINVAL);
                }
            }
            for (int index : new int[] {info.irqs(), NO_SUCH_INDEX, -1}) {
                assertRefused(
                        "interrupt " + index,
                        Errno.EINVAL,
                        () -> device.interrupts(index).info());
            }
        }
    }

    @Test
    void shouldSignalInterruptsOnlyWhileTheyAreEnabled() throws InterruptedException {
        var tried = 0;
        try (var device = open()) {
            for (var index = 0; index < device.info().irqs(); index++) {
                var usable = usableInterrupts(device, index);
                if (usable.isEmpty()) {
                    continue;
                }
                var interrupts = usable.get();
                int count = interrupts.info().count();
                var vector = interrupts.enable();
                interrupts.trigger(0);
                assertThat(vector.await(PATIENCE))
                        .as("signals of interrupt %d", index)
                        .isEqualTo(1);
                assertThat(vector.take())
                        .as("signals left of interrupt %d", index)
                        .isZero();
                interrupts.disable();
                try {
                    interrupts.trigger(0);
                } catch (VfioException refused) {
                    assertThat(refused.errno()).as(refused.getMessage()).isEqualTo(Errno.EINVAL);
                }
                assertThat(vector.take())
                        .as("signals of interrupt %d once disabled", index)
                        .isZero();
                interrupts.enable();
                interrupts.disable();
                assertRefused(
                        "one vector too many", Set.of(Errno.EINVAL, Errno.ENOSPC), () -> interrupts.enable(count + 1));
                tried++;
            }
        }
        Assumptions.assumeTrue(tried > 0, "the device has no interrupt that signals an eventfd");
    }

    @Test
    void shouldResetAsItsInfoSays() {
        try (var device = open()) {
            if ((device.info().flags() & VfioDeviceInfoFlags.VFIO_DEVICE_FLAGS_RESET) != 0) {
                device.reset();
                device.reset();
            } else {
                try {
                    device.reset(); // fsl-mc objects can do it though they do not say so
                } catch (VfioException refused) {
                    assertThat(refused.errno()).as(refused.getMessage()).isIn(Errno.EINVAL, Errno.ENOTTY);
                }
            }
            assertThat(device.info().regions()).as("regions after reset").isPositive();
        }
    }

    @Test
    void shouldOpenAndCloseAgainAndAgain() {
        for (var round = 0; round < 5; round++) {
            var device = open();
            assertThat(vfio().device(device()).openCount()).as("granted files").isEqualTo(1);
            device.close();
            device.close();
            assertThat(vfio().device(device()).openCount())
                    .as("granted files after close")
                    .isZero();
        }
    }

    @Test
    void shouldShareItsDeviceThroughTheGroup() {
        Assumptions.assumeTrue(openOptions().path() == OpenPath.GROUP, "the device is not opened through a container");
        try (var container = vfio().newContainer();
                var group = vfio().openGroup(groupOf(device()))) {
            group.setContainer(container);
            container.setIommu(openOptions().containerType().orElseThrow());
            var first = group.openDevice(device());
            var second = group.openDevice(device());
            assertThat(vfio().device(device()).openCount()).as("granted files").isEqualTo(2);
            assertThat(second.info()).isEqualTo(first.info());
            first.close();
            assertThat(second.info().regions())
                    .as("regions after the other file closed")
                    .isPositive();
            assertRefused("UNSET_CONTAINER with a device open", Errno.EBUSY, group::unsetContainer);
            second.close();
            group.unsetContainer();
        }
    }

    @Test
    void shouldEndInterruptsAtTheLastClose() {
        Device kept;
        try (var device = open()) {
            kept = device;
            for (var index = 0; index < device.info().irqs(); index++) {
                var interrupts = usableInterrupts(device, index);
                if (interrupts.isPresent()) {
                    interrupts.get().enable();
                    break;
                }
            }
        }
        assertThat(catchErrno(kept)).as("errno of a call on a closed device").isEqualTo(Errno.EBADF);
        try (var again = open()) {
            for (var index = 0; index < again.info().irqs(); index++) {
                var interrupts = usableInterrupts(again, index);
                if (interrupts.isPresent()) {
                    interrupts.get().enable();
                    interrupts.get().disable();
                    break;
                }
            }
        }
    }

    /** An interrupt index that has vectors and signals eventfds. */
    private static Optional<Interrupts> usableInterrupts(Device device, int index) {
        try {
            var interrupts = device.interrupts(index);
            var info = interrupts.info();
            return info.count() > 0 && (info.flags() & VfioIrq.VFIO_IRQ_INFO_EVENTFD) != 0
                    ? Optional.of(interrupts)
                    : Optional.empty();
        } catch (VfioException absent) {
            assertThat(absent.errno())
                    .as("interrupt %d: %s", index, absent.getMessage())
                    .isEqualTo(Errno.EINVAL);
            return Optional.empty();
        }
    }

    private static Errno catchErrno(Device device) {
        try {
            device.info();
        } catch (VfioException closed) {
            return closed.errno();
        }
        throw new AssertionError(device.name() + " still answers after close");
    }
}

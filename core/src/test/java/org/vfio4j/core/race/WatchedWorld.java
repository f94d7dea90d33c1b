// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.race;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.vfio4j.ProcessOptions;
import org.vfio4j.UapiProcess;
import org.vfio4j.Vfio;
import org.vfio4j.VfioOptions;
import org.vfio4j.core.Worlds;
import org.vfio4j.core.fixture.FakeDevice;
import org.vfio4j.core.fixture.FakeDriver;
import org.vfio4j.core.fixture.FakeGroup;
import org.vfio4j.core.fixture.FakeMachine;
import org.vfio4j.core.fixture.FaultPlan;
import org.vfio4j.core.race.Program.Kind;
import org.vfio4j.core.registry.Providers;
import org.vfio4j.core.vfio.CoreDevice;
import org.vfio4j.spi.host.BusDevice;

/** A core between a driver and backends that watch it. */
final class WatchedWorld implements AutoCloseable {
    final Books books = new Books();
    final FakeMachine machine = new FakeMachine(new FaultPlan());

    private final WatchedDriver driver = new WatchedDriver(books);
    private final Vfio vfio;
    private final List<BusDevice> devices;

    WatchedWorld(Consumer<FakeMachine> build, Duration requestPeriod) {
        build.accept(machine);
        var providers = new Providers(
                List.of(machine), List.of(new WatchedBackend(books), new WatchedIommufd(books)), List.of(driver));
        vfio = Worlds.open(
                providers, VfioOptions.defaults().with("core.enable_unsafe_noiommu_mode", "true"), requestPeriod);
        devices = machine.buses().getFirst().devices();
    }

    Vfio vfio() {
        return vfio;
    }

    WatchedOps ops(String device) {
        return driver.ops(machine.find(device));
    }

    UapiProcess newProcess() {
        return vfio.newProcess(ProcessOptions.root());
    }

    List<String> deviceNames() {
        return devices.stream().map(BusDevice::name).toList();
    }

    /** The node of some group there is now; private groups get other numbers when their devices come back. */
    String groupPath(SplittableRandom random) {
        var groups = machine.groups();
        var group = groups.get(random.nextInt(groups.size()));
        boolean withoutIommu =
                !group.hasIommu() && group.devices().stream().noneMatch(device -> ((FakeDevice) device).emulated);
        return "/dev/vfio/" + (withoutIommu ? "noiommu-" : "") + group.id();
    }

    /** P-6: a device is open as often as it was granted. */
    void requireOpenCounts(List<Program> programs) {
        Map<CoreDevice, Integer> granted = new HashMap<>();
        for (var program : programs) {
            for (var kind : List.of(Kind.NODE, Kind.DEVICE)) {
                program.of(kind).stream()
                        .map(Program.Descriptor::opening)
                        .distinct()
                        .forEach(opening -> {
                            if (opening != null && opening.grantedAndOpen()) {
                                granted.merge(opening.device(), 1, Integer::sum);
                            }
                        });
            }
        }
        for (var device : devices) {
            var vfioDevice = (CoreDevice) driver.ops(device).vfioDevice();
            int files = granted.getOrDefault(vfioDevice, 0);
            books.require(
                    vfioDevice.openCount() == files,
                    device.name() + " has open count " + vfioDevice.openCount() + " with " + files + " granted files");
        }
    }

    /** All files are closed. */
    void requireNothingHeld() {
        for (var group : machine.groups()) {
            books.require(((FakeGroup) group).ownerCount() == 0, "a claim of group " + group.id() + " is left");
        }
        for (var device : devices) {
            var ops = driver.ops(device);
            books.require(!ops.open() && ops.vfioDevice().openCount() == 0, device.name() + " is still open");
        }
        books.require(books.instances.get() == 0, books.instances + " backend instances are left");
        books.require(books.contexts.get() == 0, books.contexts + " iommufd contexts are left");
        books.require(books.listeners.get() == 0, books.listeners + " listeners are left");
        books.require(books.pins.get() == 0, books.pins + " pins are left");
    }

    /** Without users no unregistration has to ask for anything. */
    void giveEverythingToNativeDriversAndBack() {
        for (var device : devices) {
            int requests = driver.ops(device).requests();
            var ops = driver.ops(device);
            vfio.unbind(device.name());
            books.require(ops.requests() == requests, device.name() + " had users left");
            vfio.bind(device.name(), FakeMachine.NATIVE_DRIVER);
            vfio.unbind(device.name());
            vfio.bind(device.name(), FakeDriver.NAME);
        }
    }

    @Override
    public void close() {
        vfio.close();
    }
}

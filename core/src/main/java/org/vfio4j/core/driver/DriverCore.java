// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.driver;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.DriverView;
import org.vfio4j.core.registry.ModuleOrigin;
import org.vfio4j.core.registry.Providers;
import org.vfio4j.core.registry.Settings;
import org.vfio4j.core.vfio.DeviceRegistry;
import org.vfio4j.core.vfio.EventVirqfd;
import org.vfio4j.spi.device.BusDriverProvider;
import org.vfio4j.spi.device.DeviceOps;
import org.vfio4j.spi.device.DmaRange;
import org.vfio4j.spi.device.DriverEnvironment;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.spi.device.Virqfd;
import org.vfio4j.spi.host.Bus;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.Host;
import org.vfio4j.spi.mdev.MdevLifecycle;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Loads bus drivers and binds them to devices. Thread-safe once started. */
@Singleton
public final class DriverCore implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DriverCore.class);
    private static final Set<String> WITH_OVERRIDE = Set.of("pci", "fsl-mc");

    private final Host host;
    private final Providers providers;
    private final Settings settings;
    private final DeviceRegistry registry;
    private final PhysicalMemory memory;
    private final DeviceBindings bindings = new DeviceBindings();

    /** Buses whose devices stay unbound when they appear. */
    private final Set<String> withoutAutoprobe = ConcurrentHashMap.newKeySet();

    /** Filled by {@link #start}, then unchanged. */
    private final List<LoadedDriver> drivers = new ArrayList<>();

    private final List<AutoCloseable> listeners = new ArrayList<>();

    @Inject
    DriverCore(Host host, Providers providers, Settings settings, DeviceRegistry registry, PhysicalMemory memory) {
        this.host = host;
        this.providers = providers;
        this.settings = settings;
        this.registry = registry;
        this.memory = memory;
    }

    /**
     * Loads the drivers, shows them their buses, and binds what the machine wants bound.
     *
     * @param appeared finds a driver for a device that appears later
     */
    void start(Consumer<BusDevice> appeared) {
        for (var provider : providers.drivers()) {
            drivers.add(new LoadedDriver(provider, provider.create(new Environment(provider))));
        }
        for (var bus : host.buses()) {
            for (var driver : drivers) {
                if (driver.bus().equals(bus.name())) {
                    driver.driver().attachBus(bus);
                }
            }
        }
        for (var bus : host.buses()) {
            listeners.add(bus.listen(new HotPlug(appeared)));
            for (var device : bus.devices()) {
                bindInitially(device);
            }
        }
    }

    /** What the machine wants bound is bound if it can be; if not, the device stays without a driver and the log says why. */
    void bindInitially(BusDevice device) {
        device.initialDriver().ifPresent(driver -> {
            if (driverName(device).isPresent()) {
                return;
            }
            try {
                bind(device, driver);
            } catch (VfioException e) {
                LOG.info("{} stays without driver {}: {}", device.name(), driver, e.getMessage());
            }
        });
    }

    /**
     * Binds a VFIO driver or a native driver of the host.
     *
     * @throws VfioException ENODEV when there is no such driver for the device's bus or the device has gone, EBUSY when a driver
     *     has the device or VFIO owns its group, or the probe's errno
     */
    public void bind(BusDevice device, String name) {
        var vfioDriver = drivers.stream()
                .filter(driver -> driver.name().equals(name) && driver.bus().equals(device.busName()))
                .findFirst();
        if (vfioDriver.isEmpty() && !isNative(device.busName(), name)) {
            throw new VfioException(
                    Errno.ENODEV,
                    "there is no driver \"" + name + "\" for " + device.name() + "; known on bus " + device.busName()
                            + ": " + Providers.names(driversOf(device.busName())));
        }
        bindings.with(device, binding -> {
            requireUnbound(device, binding, name);
            requireOnBus(device);
            VirtualFunctions.requireProbeAllowed(device, driverOverride(device).isPresent());
            if (vfioDriver.isPresent()) {
                vfioDriver.get().driver().probe(device);
                binding.driver(vfioDriver.get());
            } else {
                device.bindNative(name);
            }
        });
    }

    private void requireUnbound(BusDevice device, DeviceBindings.Binding binding, String wanted) {
        var bound = binding.driver();
        Optional<String> owner = bound != null ? Optional.of(bound.name()) : device.nativeDriver();
        if (owner.isPresent()) {
            throw new VfioException(
                    Errno.EBUSY,
                    "binding " + wanted + " refused: driver " + owner.get() + " has " + device.name() + " already");
        }
    }

    /** Nobody is given a device that has gone meanwhile (kernel: {@code device_is_registered}). */
    @SuppressWarnings("ReferenceEquality") // A bus device is its identity.
    private void requireOnBus(BusDevice device) {
        boolean present = host.buses().stream()
                .filter(bus -> bus.name().equals(device.busName()))
                .anyMatch(bus -> bus.devices().stream().anyMatch(other -> other == device));
        if (!present) {
            throw new VfioException(Errno.ENODEV, "bind refused: " + device.name() + " has gone from its bus");
        }
    }

    /** Runs an action with a device's lock held. */
    void withBinding(BusDevice device, Consumer<DeviceBindings.Binding> action) {
        bindings.with(device, action);
    }

    /**
     * Unbinds whatever driver has the device; waits until its users are gone.
     *
     * @throws VfioException ENODEV when no driver has it
     */
    public void unbind(BusDevice device) {
        bindings.with(device, binding -> {
            if (!letGo(device, binding)) {
                device.unbindNative();
            }
        });
    }

    /**
     * Unbinds one driver.
     *
     * @throws VfioException ENODEV when this driver does not have the device
     */
    void unbind(BusDevice device, String driver) {
        bindings.with(device, binding -> {
            var bound = binding.driver();
            var owner = bound != null ? Optional.of(bound.name()) : device.nativeDriver();
            if (owner.filter(driver::equals).isEmpty()) {
                throw new VfioException(
                        Errno.ENODEV, "unbind refused: driver " + driver + " does not have " + device.name());
            }
            if (!letGo(device, binding)) {
                device.unbindNative();
            }
        });
    }

    /** Takes the device from its VFIO driver, if one has it; a driver may have let go of it with another device meanwhile. */
    private static boolean letGo(BusDevice device, DeviceBindings.Binding binding) {
        var bound = binding.driver();
        if (bound == null) {
            return false;
        }
        bound.driver().remove(device);
        binding.driver(null);
        return true;
    }

    /** Name of the driver that has a device now, VFIO or native. */
    public Optional<String> driverName(BusDevice device) {
        return bindings.driverOf(device).map(LoadedDriver::name).or(device::nativeDriver);
    }

    /** Names of all drivers of a bus, VFIO drivers first. */
    List<String> driversOf(String bus) {
        return Stream.concat(
                        drivers.stream()
                                .filter(driver -> driver.bus().equals(bus))
                                .map(LoadedDriver::name),
                        nativeDrivers(bus))
                .toList();
    }

    /** Whether a driver is one of the host's own. */
    boolean isNative(String bus, String driver) {
        return nativeDrivers(bus).anyMatch(driver::equals);
    }

    private Stream<String> nativeDrivers(String bus) {
        return host.buses().stream()
                .filter(found -> found.name().equals(bus))
                .flatMap(found -> found.nativeDrivers().stream());
    }

    /** Whether devices of a bus have {@code driver_override}. */
    static boolean hasOverride(String bus) {
        return WITH_OVERRIDE.contains(bus);
    }

    Optional<String> driverOverride(BusDevice device) {
        return bindings.overrideOf(device);
    }

    void driverOverride(BusDevice device, @Nullable String driver) {
        bindings.override(device, driver);
    }

    boolean autoprobe(String bus) {
        return !withoutAutoprobe.contains(bus);
    }

    void autoprobe(String bus, boolean enabled) {
        if (enabled) {
            withoutAutoprobe.remove(bus);
        } else {
            withoutAutoprobe.add(bus);
        }
    }

    /** The driver that can make mediated devices, if the module path has one. */
    public Optional<MdevLifecycle> mdevDriver() {
        return drivers.stream()
                .map(LoadedDriver::driver)
                .filter(MdevLifecycle.class::isInstance)
                .map(MdevLifecycle.class::cast)
                .findFirst();
    }

    /** What the drivers are, for people. */
    public List<DriverView> views() {
        return drivers.stream().map(this::view).toList();
    }

    private DriverView view(LoadedDriver driver) {
        var provider = driver.provider();
        var origin = ModuleOrigin.of(provider);
        return new DriverView(
                provider.name(),
                provider.bus(),
                provider.description(),
                bindings.devicesOf(driver).size(),
                origin.module(),
                origin.location());
    }

    /** Lets go of every device and unloads the drivers; waits for users, so close what is open first. */
    @Override
    public void close() {
        // Before the listeners go: virtual functions vanish with the driver of their physical one.
        for (var driver : drivers.reversed()) {
            for (var device : bindings.devicesOf(driver)) {
                quietly(device.name(), () -> bindings.with(device, binding -> letGo(device, binding)));
            }
        }
        listeners.reversed().forEach(listener -> quietly("hot-plug listener", listener));
        listeners.clear();
        drivers.reversed().forEach(driver -> quietly("driver " + driver.name(), driver.driver()));
        drivers.clear();
    }

    private static void quietly(String what, AutoCloseable action) {
        try {
            action.close();
        } catch (Exception e) {
            LOG.warn("letting go of {} failed", what, e);
        }
    }

    private final class HotPlug implements Bus.Listener {
        private final Consumer<BusDevice> appeared;

        private HotPlug(Consumer<BusDevice> appeared) {
            this.appeared = appeared;
        }

        @Override
        public void added(BusDevice device) {
            if (autoprobe(device.busName())) {
                appeared.accept(device);
            }
        }

        @Override
        public void removing(BusDevice device) {
            bindings.with(device, binding -> {
                if (!letGo(device, binding) && device.nativeDriver().isPresent()) {
                    device.unbindNative();
                }
            });
        }

        @Override
        public void removed(BusDevice device) {
            removing(device);
            bindings.override(device, null);
        }
    }

    /** What one driver may use: its options are those under its name. */
    private final class Environment implements DriverEnvironment {
        private final BusDriverProvider provider;

        private Environment(BusDriverProvider provider) {
            this.provider = provider;
        }

        @Override
        public VfioDevice allocate(BusDevice busDevice, DeviceOps ops) {
            return registry.allocate(busDevice, ops);
        }

        @Override
        public PhysicalMemory memory() {
            return memory;
        }

        @Override
        public Virqfd virqfd(Virqfd.@Nullable Handler handler, @Nullable Runnable thread) {
            return new EventVirqfd(handler, thread);
        }

        @Override
        public List<DmaRange> combineRanges(List<DmaRange> ranges, int wanted) {
            return RangeCombiner.combine(ranges, wanted);
        }

        @Override
        public void bind(BusDevice device) {
            if (hasOverride(device.busName())) {
                driverOverride(device);
            }
            DriverCore.this.bind(device, provider.name());
        }

        @Override
        public void driverOverride(BusDevice device) {
            bindings.override(device, provider.name());
        }

        @Override
        public void unbind(BusDevice device) {
            DriverCore.this.unbind(device);
        }

        @Override
        public Optional<String> option(String name) {
            return settings.option(provider.name(), name);
        }
    }
}

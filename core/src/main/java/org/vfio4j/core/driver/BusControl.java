// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.driver;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.core.registry.Settings;
import org.vfio4j.spi.host.Bus;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.Host;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * What administrators do to buses through sysfs (kernel: {@code drivers/base/bus.c} and each bus' match): which driver
 * fits which device, and the attributes {@code bind}, {@code unbind}, {@code new_id}, {@code remove_id},
 * {@code drivers_probe}, {@code drivers_autoprobe} and {@code driver_override}. Thread-safe.
 *
 * <p>A VFIO driver of the buses pci and fsl-mc fits a device only when {@code driver_override} names it or an id was added
 * for it. No driver ever fits a mediated device: it is bound when it is created. Native drivers have no id tables here:
 * bound by name they take what the host lets them, and by themselves what the machine wants them to have. Spec: pci §2.3
 * and §2.4, mdev §1 and §3, fsl-mc §2.2.
 */
@Singleton
public final class BusControl {
    private static final Logger LOG = LoggerFactory.getLogger(BusControl.class);
    private static final String MDEV = "mdev";
    private static final String PCI = "pci";

    /** Name of the parameter that gives a driver ids when it is loaded. */
    private static final String IDS = "ids";

    private final Host host;
    private final DriverCore drivers;
    private final Settings settings;

    /** Added ids by bus and driver. */
    private final Map<String, PciIds> ids = new ConcurrentHashMap<>();

    @Inject
    BusControl(Host host, DriverCore drivers, Settings settings) {
        this.host = host;
        this.drivers = drivers;
        this.settings = settings;
    }

    /** Loads the VFIO drivers and binds what the machine wants bound, then what the option {@code ids} of a PCI driver names. */
    public void start() {
        drivers.start(this::appeared);
        bus(PCI).ifPresent(bus -> {
            for (var driver : drivers.driversOf(PCI)) {
                var list = drivers.isNative(PCI, driver) ? Optional.<String>empty() : settings.option(driver, IDS);
                if (list.isPresent()) {
                    idsOf(bus, driver).addList(list.get());
                    bus.devices().forEach(device -> probe(bus, device));
                }
            }
        });
    }

    /** Lets the driver that the machine wants have a device that has just appeared, or those that fit it. */
    private void appeared(BusDevice device) {
        if (device.initialDriver().isPresent() && drivers.driverOverride(device).isEmpty()) {
            drivers.bindInitially(device);
        } else {
            bus(device.busName()).ifPresent(bus -> probe(bus, device));
        }
    }

    /** Whether devices of a bus have {@code driver_override}. */
    public boolean hasOverride(String bus) {
        return DriverCore.hasOverride(bus);
    }

    /** Whether drivers of a bus have {@code new_id} and {@code remove_id}. */
    public boolean hasIds(String bus) {
        return bus.equals(PCI);
    }

    /** The only driver a device may be bound to, if one was chosen. */
    public Optional<String> driverOverride(BusDevice device) {
        return drivers.driverOverride(device);
    }

    /** Chooses the only driver a device may be bound to; null lets every driver that fits have it. */
    public void driverOverride(BusDevice device, @Nullable String driver) {
        drivers.driverOverride(device, driver);
    }

    /** Names of the drivers of a bus, VFIO and native. */
    public List<String> drivers(Bus bus) {
        return drivers.driversOf(bus.name());
    }

    /** Devices of a bus that a driver has now. */
    public List<BusDevice> devicesOf(Bus bus, String driver) {
        return bus.devices().stream()
                .filter(device ->
                        drivers.driverName(device).filter(driver::equals).isPresent())
                .toList();
    }

    /**
     * Binds (attribute {@code bind}).
     *
     * @throws VfioException ENODEV when there is no such device or the driver does not fit it, EBUSY when a driver has it, or
     *     the probe's errno
     */
    public void bind(Bus bus, String driver, String name) {
        var device = find(bus, name);
        if (!fits(driver, device)) {
            throw new VfioException(
                    Errno.ENODEV,
                    "bind refused: driver " + driver + " does not fit " + name
                            + drivers.driverOverride(device)
                                    .map(wanted -> ", whose driver_override is " + wanted)
                                    .orElse(hasOverride(bus.name()) ? ", whose driver_override does not name it" : ""));
        }
        drivers.bind(device, driver);
    }

    /**
     * Unbinds (attribute {@code unbind}); waits until the device's users are gone.
     *
     * @throws VfioException ENODEV when there is no such device or the driver does not have it
     */
    public void unbind(Bus bus, String driver, String name) {
        var device = find(bus, name);
        drivers.unbind(device, driver);
    }

    /**
     * Lets drivers that fit try a device that has none (attribute {@code drivers_probe}). That none takes it is no error.
     *
     * @throws VfioException ENODEV when there is no such device; EINVAL when a native driver may not have the DMA of its group,
     *     whatever the reason (kernel: the bus' {@code dma_configure} fails before the driver is asked)
     */
    public void probe(Bus bus, String name) {
        var withheld = probe(bus, find(bus, name));
        if (withheld.isPresent()) {
            throw new VfioException(
                    Errno.EINVAL, "probe refused: " + withheld.get().getMessage(), withheld.get());
        }
    }

    /** Answers why a native driver was kept from the device; refusals of VFIO drivers are logged only. */
    private Optional<VfioException> probe(Bus bus, BusDevice device) {
        for (var driver : drivers.driversOf(bus.name())) {
            if (drivers.driverName(device).isPresent()) {
                return Optional.empty();
            }
            if (wants(driver, device)) {
                try {
                    drivers.bind(device, driver);
                } catch (VfioException e) {
                    LOG.info("{} is not taken by driver {}: {}", device.name(), driver, e.getMessage());
                    if (drivers.isNative(bus.name(), driver)
                            && drivers.driverName(device).isEmpty()) { // else another was quicker
                        return Optional.of(e);
                    }
                }
            }
        }
        return Optional.empty();
    }

    /** Adds an id and lets the driver try every device it fits now; see {@link PciIds#add}. */
    public void addId(Bus bus, String driver, String text) {
        idsOf(bus, driver).add(text);
        bus.devices().forEach(device -> probe(bus, device));
    }

    /** Takes an id out; see {@link PciIds#remove}. */
    public void removeId(Bus bus, String driver, String text) {
        idsOf(bus, driver).remove(text);
    }

    private PciIds idsOf(Bus bus, String driver) {
        return ids.computeIfAbsent(bus.name() + "/" + driver, key -> new PciIds());
    }

    /** Whether devices that appear are bound (attribute {@code drivers_autoprobe}). */
    public boolean autoprobe(Bus bus) {
        return drivers.autoprobe(bus.name());
    }

    /** Switches {@link #autoprobe(Bus)}. */
    public void autoprobe(Bus bus, boolean enabled) {
        drivers.autoprobe(bus.name(), enabled);
    }

    /** Whether a driver may be bound to a device by name. */
    private boolean fits(String driver, BusDevice device) {
        String bus = device.busName();
        if (bus.equals(MDEV)) {
            return false;
        }
        var override = drivers.driverOverride(device);
        if (override.isPresent()) {
            return override.get().equals(driver);
        }
        return !hasOverride(bus) || drivers.isNative(bus, driver) || added(bus, driver, device);
    }

    private boolean added(String bus, String driver, BusDevice device) {
        var known = ids.get(bus + "/" + driver);
        return known != null && known.match(device);
    }

    /** Whether a driver takes a device by itself. */
    private boolean wants(String driver, BusDevice device) {
        if (!fits(driver, device)) {
            return false;
        }
        return drivers.driverOverride(device).isPresent()
                || added(device.busName(), driver, device)
                || device.initialDriver().filter(driver::equals).isPresent();
    }

    private BusDevice find(Bus bus, String name) {
        return bus.devices().stream()
                .filter(device -> device.name().equals(name))
                .findFirst()
                .orElseThrow(
                        () -> new VfioException(Errno.ENODEV, "bus " + bus.name() + " has no device \"" + name + "\""));
    }

    /** The bus with a name. */
    public Optional<Bus> bus(String name) {
        return host.buses().stream().filter(bus -> bus.name().equals(name)).findFirst();
    }
}

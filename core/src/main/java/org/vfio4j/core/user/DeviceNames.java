// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.vfio4j.core.driver.DriverCore;
import org.vfio4j.core.registry.Providers;
import org.vfio4j.core.vfio.CoreDevice;
import org.vfio4j.core.vfio.DeviceRegistry;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.Host;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Finds devices by the names people use. */
@Singleton
final class DeviceNames {
    private static final Pattern VFIO_NAME = Pattern.compile("vfio(0|[1-9][0-9]{0,8})");
    private static final Pattern SHORT_PCI_NAME = Pattern.compile("[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]");
    private static final int MOST_SIMILAR = 3;

    private final Host host;
    private final DeviceRegistry registry;
    private final DriverCore drivers;

    @Inject
    DeviceNames(Host host, DeviceRegistry registry, DriverCore drivers) {
        this.host = host;
        this.registry = registry;
        this.drivers = drivers;
    }

    /** All devices, in bus and topology order. */
    List<BusDevice> all() {
        return host.buses().stream().flatMap(bus -> bus.devices().stream()).toList();
    }

    /**
     * A device by its bus name, short PCI address or VFIO name.
     *
     * @throws VfioException ENODEV, naming similar devices
     */
    BusDevice find(String name) {
        var vfio = VFIO_NAME.matcher(name);
        if (vfio.matches()) {
            int index = Integer.parseInt(vfio.group(1));
            for (var device : registry.devices()) {
                if (device.index() == index) {
                    return device.busDevice();
                }
            }
        }
        String wanted = name.toLowerCase(Locale.ROOT);
        String full = SHORT_PCI_NAME.matcher(wanted).matches() ? "0000:" + wanted : wanted;
        var devices = all();
        return devices.stream()
                .filter(device -> device.name().toLowerCase(Locale.ROOT).equals(full))
                .findFirst()
                .orElseThrow(() ->
                        new VfioException(Errno.ENODEV, "there is no device \"" + name + "\"" + hint(devices, full)));
    }

    /**
     * The VFIO device on top of a device.
     *
     * @throws VfioException ENODEV when no VFIO driver has it
     */
    CoreDevice registered(String name) {
        var device = find(name);
        return registry.find(device)
                .orElseThrow(() -> new VfioException(
                        Errno.ENODEV,
                        device.name() + " cannot be opened: "
                                + drivers.driverName(device)
                                        .map(driver -> "driver " + driver + " has it, which is no VFIO driver")
                                        .orElse("no driver has it; bind a VFIO driver first")));
    }

    private static String hint(List<BusDevice> devices, String wanted) {
        var similar = devices.stream()
                .map(BusDevice::name)
                .sorted((a, b) -> Integer.compare(distance(a, wanted), distance(b, wanted)))
                .limit(MOST_SIMILAR)
                .toList();
        return similar.isEmpty() ? ": the machine has no devices" : "; similar: " + Providers.names(similar);
    }

    /** Number of single-character edits between two names. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substituted, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}

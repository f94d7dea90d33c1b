// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.driver;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.function.IntConsumer;
import java.util.regex.Pattern;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.SriovControl;
import org.vfio4j.spi.pci.SriovDriver;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * How many virtual functions a physical one has (attribute {@code sriov_numvfs}, kernel: {@code pci/iov.c}). Thread-safe.
 * Spec: pci §18.1.
 */
@Singleton
public final class VirtualFunctions {
    /** A number in one of the notations of C, with a newline or without. */
    private static final Pattern NUMBER = Pattern.compile("\\+?(0[xX][0-9a-fA-F]+|[0-9]+)\\n?");

    private static final int LARGEST = 0xffff;

    private final DriverCore drivers;

    @Inject
    VirtualFunctions(DriverCore drivers) {
        this.drivers = drivers;
    }

    /**
     * Lets the driver of a physical function make this many virtual ones, or take away those there are.
     *
     * @param text what was written
     * @throws VfioException EINVAL it is no number, ERANGE the function cannot have so many, ENOENT no driver has the function
     *     or its driver makes none, EBUSY it has another number of them, or what the driver answers
     */
    public void change(PciFunction physical, SriovControl sriov, String text) {
        int wanted = number(physical, text);
        if (wanted > sriov.totalVfs()) {
            throw new VfioException(
                    Errno.ERANGE,
                    "pci §18.1",
                    "sriov_numvfs refused: " + physical.name() + " can have " + sriov.totalVfs()
                            + " virtual functions, not " + wanted);
        }
        drivers.withBinding(physical, binding -> change(physical, sriov, binding, wanted));
    }

    private static void change(PciFunction physical, SriovControl sriov, DeviceBindings.Binding binding, int wanted) {
        int present = sriov.numVfs();
        if (wanted == present) {
            return;
        }
        var driver = configuration(physical, sriov, binding);
        if (wanted != 0 && present != 0) {
            throw new VfioException(
                    Errno.EBUSY,
                    "pci §18.1",
                    "sriov_numvfs refused: " + physical.name() + " has " + present
                            + " virtual functions; disable them before enabling " + wanted);
        }
        driver.accept(wanted);
    }

    /** What the driver of a function does with a number; its device lock is held. */
    private static IntConsumer configuration(PciFunction physical, SriovControl sriov, DeviceBindings.Binding binding) {
        var bound = binding.driver();
        if (bound != null && bound.driver() instanceof SriovDriver driver) {
            return count -> driver.configureVirtualFunctions(physical, count);
        }
        var nativeDriver = physical.nativeDriver();
        if (bound == null && nativeDriver.filter(sriov::configuredBy).isPresent()) {
            return count -> {
                if (count == 0) {
                    sriov.disable();
                } else {
                    sriov.enable(count);
                }
            };
        }
        var name = bound != null ? bound.name() : nativeDriver.orElse("");
        throw new VfioException(
                Errno.ENOENT,
                "pci §18.1",
                "sriov_numvfs refused: "
                        + (name.isEmpty()
                                ? "no driver has " + physical.name()
                                : "driver " + name + " of " + physical.name() + " makes no virtual functions"));
    }

    private static int number(PciFunction physical, String text) {
        var matcher = NUMBER.matcher(text);
        if (matcher.matches()) {
            try {
                int number = Integer.decode(matcher.group(1));
                if (number <= LARGEST) {
                    return number;
                }
            } catch (NumberFormatException e) {
                throw noNumber(physical, text);
            }
        }
        throw noNumber(physical, text);
    }

    private static VfioException noNumber(PciFunction physical, String text) {
        return new VfioException(
                Errno.EINVAL,
                "pci §18.1",
                "sriov_numvfs of " + physical.name() + " refused: \"" + text.strip() + "\" is no number up to "
                        + LARGEST);
    }

    /**
     * Refuses a driver for a virtual function whose physical one keeps drivers away, unless the function was given to a driver
     * by name (kernel: {@code pci_device_can_probe}).
     *
     * @param overridden whether the device has a {@code driver_override}
     * @throws VfioException ENODEV
     */
    static void requireProbeAllowed(BusDevice device, boolean overridden) {
        if (overridden || !(device instanceof PciFunction function)) {
            return;
        }
        var physical = function.physicalFunction();
        if (physical == null) {
            return;
        }
        var sriov = physical.sriov();
        if (sriov != null && !sriov.driversAutoprobe()) {
            throw new VfioException(
                    Errno.ENODEV,
                    "bind refused: sriov_drivers_autoprobe of " + physical.name() + " keeps drivers from "
                            + device.name() + ", which has no driver_override");
        }
    }
}

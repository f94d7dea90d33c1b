// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.machine;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.pci.PciAddress;
import org.vfio4j.spi.pci.PciResource;

/**
 * The PCI part of a machine. Buses follow from the bridges: a bus that no bridge leads to is a root bus.
 *
 * @param nativeDrivers names of the host's own drivers
 * @param functions in address order, no address twice
 */
public record PciSpec(List<String> nativeDrivers, List<FunctionSpec> functions) {
    /** No PCI bus. */
    public static final PciSpec NONE = new PciSpec(List.of(), List.of());

    /** Copies the lists. */
    public PciSpec {
        nativeDrivers = List.copyOf(nativeDrivers);
        functions = List.copyOf(functions);
    }

    /**
     * A function.
     *
     * @param address where it is
     * @param placement its IOMMU unit and group
     * @param driver bound at start
     * @param acs whether it is kept apart from the functions of its device, and as a bridge from what is below
     * @param model what it is
     * @param reserved regions that only this function has
     * @param busReset whether a reset of its bus, as a bridge of the bus below, is allowed
     * @param sriov the virtual functions it can have
     */
    public record FunctionSpec(
            PciAddress address,
            Placement placement,
            Optional<String> driver,
            boolean acs,
            Model model,
            List<ReservedRegion> reserved,
            boolean busReset,
            Optional<SriovSpec> sriov) {
        /** Copies the list. */
        public FunctionSpec {
            reserved = List.copyOf(reserved);
        }
    }

    /** What a function is. */
    public sealed interface Model {}

    /**
     * The educational device.
     *
     * @param express as a PCI Express endpoint with reset
     * @param dmaMask address bits it drives; 0 for the usual 28
     */
    public record Edu(boolean express, long dmaMask) implements Model {}

    /** The device with rings and doorbells. */
    public record Queue() implements Model {}

    /** A plain function of a multi-function card. */
    public record Multi() implements Model {}

    /**
     * A bridge.
     *
     * @param conventional to a conventional PCI bus, where requesters cannot be told apart; a root port otherwise
     * @param secondary number of the bus below
     * @param slotReset whether it resets its slot as a whole
     */
    public record Bridge(boolean conventional, int secondary, boolean slotReset) implements Model {}

    /**
     * A function known from a dump of its configuration space.
     *
     * @param description for people
     * @param config 256 or 4096 bytes
     * @param resources seven: six registers and the ROM
     * @param resetMethods as the real one showed; empty when not known
     * @param attributes of its sysfs directory as the real one showed them, newline included
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Image(
            String description,
            byte[] config,
            List<PciResource> resources,
            Optional<List<String>> resetMethods,
            Map<String, String> attributes)
            implements Model {
        private static final int HEADER_TYPE = 0x0e;
        private static final int SECONDARY = 0x19;

        /** Copies the lists. */
        public Image {
            resources = List.copyOf(resources);
            resetMethods = resetMethods.map(List::copyOf);
            attributes = Map.copyOf(attributes);
        }

        /** Whether the header is a bridge's. */
        public boolean bridge() {
            return (config[HEADER_TYPE] & 0x7f) == 1;
        }

        /** As a bridge: number of the bus below, 0 when it leads nowhere. */
        public int secondary() {
            return config[SECONDARY] & 0xff;
        }
    }
}

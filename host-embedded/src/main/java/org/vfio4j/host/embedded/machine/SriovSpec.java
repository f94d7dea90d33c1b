// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.machine;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.vfio4j.spi.pci.PciAddress;

/**
 * The virtual functions that a physical one can have. They appear when they are enabled, on the bus of the physical function.
 *
 * @param totalVfs most there can be, at least 1
 * @param vfOffset from the physical function's routing id to that of the first
 * @param vfStride from one routing id to the next
 * @param vfDevice their device id; the vendor is the physical function's
 * @param vfModel what they are
 * @param vfBars sizes of registers by index, for {@link VfModel#MEMORY}
 * @param vfDmaMask address bits they drive, for {@link VfModel#EDU}; 0 for the usual 28
 * @param vfAcs whether each is isolated from the others and from the physical function
 * @param vfDriver bound to those that appear
 * @param drivers the host's own drivers that make them
 */
public record SriovSpec(
        int totalVfs,
        int vfOffset,
        int vfStride,
        int vfDevice,
        VfModel vfModel,
        Map<Integer, Long> vfBars,
        long vfDmaMask,
        boolean vfAcs,
        Optional<String> vfDriver,
        List<String> drivers) {
    /** Highest device and function number of a bus. */
    static final int LAST_DEVFN = 255;

    /** Copies the collections. */
    public SriovSpec {
        vfBars = Map.copyOf(vfBars);
        drivers = List.copyOf(drivers);
    }

    /** What a virtual function is. */
    public enum VfModel {
        /** The educational device. */
        EDU,
        /** The device with rings and doorbells. */
        QUEUE,
        /** Registers that are memory. */
        MEMORY
    }

    /** Where a virtual function is. */
    public PciAddress address(PciAddress physical, int number) {
        int devfn = devfn(physical, number);
        return new PciAddress(physical.segment(), physical.bus(), devfn >>> 3, devfn & 0x7);
    }

    int devfn(PciAddress physical, int number) {
        return physical.devfn() + vfOffset + number * vfStride;
    }

    /** Where all of them can be. */
    List<PciAddress> addresses(PciAddress physical) {
        return IntStream.range(0, totalVfs)
                .mapToObj(number -> address(physical, number))
                .toList();
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

/** Makes the virtual functions of one physical function, and takes them apart. Calls come one at a time. */
public interface VirtualFunctionFactory {
    /**
     * Makes one, in its isolation group and among the functions of its bus, but not on the bus type yet. On failure nothing of
     * it is left.
     *
     * @param number from 0
     */
    EmbeddedFunction make(int number);

    /** Whether a native driver of the machine makes them when told to. */
    boolean configuredBy(String nativeDriver);

    /** Gives back what one had: its place and its group. Nobody uses it any more. */
    void unmake(EmbeddedFunction function);
}

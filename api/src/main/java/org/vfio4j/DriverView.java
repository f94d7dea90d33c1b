// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

/**
 * A bus driver found on the module path.
 *
 * @param name its name
 * @param bus name of the bus it drives
 * @param description one line
 * @param devices how many devices it has now
 * @param module name of its module
 * @param location where the module was loaded from
 */
public record DriverView(String name, String bus, String description, int devices, String module, String location) {}

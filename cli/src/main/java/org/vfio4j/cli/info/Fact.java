// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli.info;

/**
 * One line about a device.
 *
 * @param name what it is about
 * @param value what is so
 */
public record Fact(String name, String value) {}

// SPDX-License-Identifier: Apache-2.0
/**
 * The demonstration: for every backend, bus and open path it makes a device move data and checks every step, and where VFIO
 * forbids a combination it checks the refusal.
 */
package org.vfio4j.cli.demo;

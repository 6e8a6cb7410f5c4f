-- So that the planner knows of a search whether it finds hundreds of devices or a part of the fleet (search_is_rare()).
alter index device_info_search alter column 1 set statistics 1000;
